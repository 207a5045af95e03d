import Cellar
import CellarTestSupport

/// Logs, lists and blocks of one worker's own.
extension Item {
    static func structures(_ prefix: String) -> [Item] {
        [log(prefix + "log"), list(prefix + "list"), block(prefix + "block of bytes")]
    }

    // MARK: Logs

    /// Entries that tell their own numbers, of which the last 200 are kept, and a group that follows.
    private static func log(_ name: String) -> Item {
        func log(_ store: Store) throws(StoreError) -> SharedLog<Checksummed> {
            try store.log(name, options: LogOptions(capacity: 200))
        }
        return Item(name: name) { store, number in
            let log = try log(store)
            let offset = try log.append(Checksummed(number: UInt64(number)))
            guard offset == UInt64(number - 1) else { throw Failure("\(name) gave the offset \(offset) to \(number)") }
            if number % 5 == 0 { try log.group("followers", from: 0).commit(through: offset) }
        } look: { store in
            let log = try log(store)
            let entries = try log.entries()
            for (index, entry) in entries.enumerated() {
                guard entry.element.isWhole, entry.element.number == entry.offset + 1,
                    entry.offset == entries[0].offset + UInt64(index)
                else { return .torn("a log with \(entry.element.number) at \(entry.offset)") }
            }
            let next = log.offsets.upperBound
            if let group = try log.groups().first, group.position > next {
                return .torn("a log of \(next) with a group at \(group.position)")
            }
            return .number(Int(next))
        }
    }

    // MARK: Lists

    /// Grows to 40 elements, shrinks from the front, is emptied, and so on.
    private static func list(_ name: String) -> Item {
        func elements(_ state: Int) -> [UInt64] {
            let (base, phase) = (state - state % 60, state % 60)
            return Array((base..<base + min(phase, 40)).dropFirst(max(phase - 40, 0))).map { UInt64($0 + 1) }
        }
        func list(_ store: Store) throws(StoreError) -> SharedList<Checksummed> {
            try store.list(name, capacity: 40)
        }
        return Item(name: name) { store, number in
            let list = try list(store)
            switch number % 60 {
            case 0: try list.removeAll()
            case 1...40: try list.append(Checksummed(number: UInt64(number)))
            default: _ = try list.remove(at: 0)
            }
        } look: { store in
            let seen = try list(store).elements()
            guard seen.allSatisfy(\.isWhole) else { return .torn("a list with a torn element") }
            let numbers = seen.map(\.number)
            return Look(description: "a list of \(numbers)") { elements($0) == numbers }
        }
    }

    // MARK: Blocks

    private static let words = 9_000

    /// All of its words are one number. Who dies writing leaves that on record, and the next puts in what the first word says.
    private static func block(_ name: String) -> Item {
        func block(_ store: Store) throws(StoreError) -> SharedBlock { try store.block(name, byteCount: words * 8) }
        return Item(name: name) { store, number in
            try unsafe block(store).withUnsafeMutableBytes { bytes in
                let words = unsafe bytes.bindMemory(to: Int.self)
                for index in words.indices { unsafe words[index] = number }
            }
        } look: { store in
            let block = try block(store)
            do throws(StoreError) { return one(words: try block.bytes()) } catch {
                guard error.code == .ownerDied else { throw error }
            }
            try unsafe block.withUnsafeMutableBytes(repairs: true) { bytes in
                let words = unsafe bytes.bindMemory(to: Int.self)
                let first = unsafe words[0]
                let isExpected = words.indices.allSatisfy { unsafe words[$0] == first || words[$0] == first - 1 }
                if isExpected { unsafe words.update(repeating: first) }
            }
            return one(words: try block.bytes())
        }
    }

    private static func one(words bytes: [UInt8]) -> Look {
        let words = unsafe bytes.withUnsafeBytes { unsafe Array($0.bindMemory(to: Int.self)) }
        guard words.allSatisfy({ $0 == words[0] }) else {
            return .torn("a block from \(words.min()!) to \(words.max()!)")
        }
        return .number(words[0])
    }
}

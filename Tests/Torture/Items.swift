import Cellar
import CellarTestSupport

/// Something of one worker's own that goes through numbered states, one after the other.
struct Item {
    /// What is there, and which states that is.
    struct Look {
        var description: String
        var isTorn = false
        var fits: (Int) -> Bool
        static func number(_ number: Int) -> Look { Look(description: "\(number)") { $0 == number } }
        static func torn(_ description: String) -> Look { Look(description: description, isTorn: true) { _ in false } }
    }

    let name: String
    /// Brings it from the state before to this one.
    let advance: (_ store: Store, _ to: Int) throws -> Void
    let look: (_ store: Store) throws -> Look
    /// Gone with the memory.
    var isVolatile = false
    /// On disk as soon as it is done.
    var isDurable = false

    static func all(of worker: Int) -> [Item] {
        let prefix = "worker \(worker)/"
        return words(prefix) + blocks(prefix) + arrays(prefix) + (0..<4).map { passing(prefix + "passing \($0)") }
            + queues(prefix) + structures(prefix) + [entry(prefix + "entry")] + dictionaryEntries(prefix)
            + [transaction(prefix + "together"), durableTransaction(prefix + "together on disk")]
    }

    // MARK: Values

    private static func words(_ prefix: String) -> [Item] {
        let kinds: [(String, (SharedValue<Int>, Int) throws -> Void)] = [
            ("stored", { $0.store($1) }),
            ("added", { cell, _ in cell.add(1) }),
            ("exchanged", { _ = $0.exchange($1) }),
            (
                "compared",
                { cell, number in
                    guard cell.compareExchange(expected: number - 1, desired: number).exchanged else {
                        throw Failure("compareExchange saw another value than \(number - 1)")
                    }
                }
            ),
            ("locked", { cell, number in try cell.withLock { $0 = number } }),
        ]
        let persistent = kinds.map { kind, change in
            Item(name: prefix + kind) { store, number in
                try change(store.value(prefix + kind, initial: 0), number)
            } look: { store in
                .number(try store.value(prefix + kind, initial: 0).load())
            }
        }
        let volatile = Item(name: prefix + "volatile") { store, number in
            try store.value(prefix + "volatile", initial: 0, persistence: .volatile).store(number)
        } look: { store in
            .number(try store.value(prefix + "volatile", initial: 0, persistence: .volatile).load())
        }
        var gone = volatile
        gone.isVolatile = true
        let narrow = Item(name: prefix + "narrow") { store, number in
            try store.array(prefix + "narrow", of: UInt16.self, count: 8).add(1, at: number & 3)
        } look: { store in
            let seen = try store.array(prefix + "narrow", of: UInt16.self, count: 8).values()
            return .number(seen.reduce(0) { $0 + Int($1) })
        }
        return persistent + [gone, narrow]
    }

    private static func blocks(_ prefix: String) -> [Item] {
        let kinds: [(String, (SharedValue<Checksummed>, Checksummed) throws -> Void)] = [
            ("block", { try $0.store($1) }),
            ("locked block", { cell, block in try cell.withLock { $0 = block } }),
        ]
        return kinds.map { kind, change in
            Item(name: prefix + kind) { store, number in
                let cell = try store.value(prefix + kind, initial: Checksummed(number: 0))
                try change(cell, Checksummed(number: UInt64(number)))
            } look: { store in
                let seen = try store.value(prefix + kind, initial: Checksummed(number: 0)).load()
                return seen.isWhole ? .number(Int(seen.number)) : .torn("a block of \(seen.number)")
            }
        }
    }

    // MARK: Arrays

    private static let count = 3_000

    private static func arrays(_ prefix: String) -> [Item] {
        let element = Item(name: prefix + "element") { store, number in
            try store.array(prefix + "elements", of: Int.self, count: count).store(number, at: 2_500)
        } look: { store in
            .number(try store.array(prefix + "elements", of: Int.self, count: count).load(at: 2_500))
        }
        let large = Item(name: prefix + "large element") { store, number in
            try store.array(prefix + "triples", of: Triple.self, count: count).store(Triple(number), at: 682)
        } look: { store in
            let seen = try store.array(prefix + "triples", of: Triple.self, count: count).load(at: 682)
            return seen.isWhole ? .number(seen.first) : .torn("\(seen)")
        }
        let updated = Item(name: prefix + "updated") { store, number in
            try store.array(prefix + "updated", of: Int.self, count: count).update(atomically: nil) {
                $0.update(repeating: number)
            }
        } look: { store in
            one(try store.array(prefix + "updated", of: Int.self, count: count).values())
        }
        return [element, large, updated, filled(prefix + "filled")]
    }

    /// In place: who dies leaves it half done and on record, and the next puts in what the first element says.
    private static func filled(_ name: String) -> Item {
        Item(name: name) { store, number in
            try store.array(name, of: Int.self, count: count).withLock { $0.update(repeating: number) }
        } look: { store in
            let array = try store.array(name, of: Int.self, count: count)
            try array.withLock(repair: { torn, _ in
                let first = torn[0]
                let isExpected = torn.indices.allSatisfy { torn[$0] == first || torn[$0] == first - 1 }
                if isExpected { torn.update(repeating: first) }
            }) { _ in }
            return one(try array.values())
        }
    }

    private static func one(_ numbers: [Int]) -> Look {
        guard numbers.allSatisfy({ $0 == numbers[0] }) else {
            return .torn("an array from \(numbers.min()!) to \(numbers.max()!)")
        }
        return .number(numbers[0])
    }

    // MARK: Tables

    /// An entry of a table that all share, and another that is changed with it.
    private static func entry(_ name: String) -> Item {
        func table(_ store: Store) throws(StoreError) -> SharedTable<CompositeKey<String, Int>, Checksummed> {
            try store.table("entries")
        }
        var item = Item(name: name) { store, number in
            try table(store).write { (batch) throws(StoreError) in
                for index in 0..<2 {
                    try batch.set(Checksummed(number: UInt64(number)), for: CompositeKey(name, index))
                }
            }
        } look: { store in
            let seen = try table(store).scan(.prefix(name)).map(\.value)
            if seen.isEmpty { return .number(0) }
            guard seen.count == 2, seen.allSatisfy({ $0.isWhole && $0.number == seen[0].number }) else {
                return .torn("entries of \(seen.map(\.number))")
            }
            return .number(Int(seen[0].number))
        }
        item.isDurable = true
        return item
    }

    // MARK: Dictionaries

    /// Entries of dictionaries that all share: one that is set, one that is added to, and one that comes and goes, each with
    /// others around it that make the dictionary grow and shrink.
    private static func dictionaryEntries(_ prefix: String) -> [Item] {
        func blocks(_ store: Store) throws(StoreError) -> SharedDictionary<String, Checksummed> {
            try store.dictionary("dictionary of blocks")
        }
        func sums(_ store: Store) throws(StoreError) -> SharedDictionary<String, Int> {
            try store.dictionary("dictionary of sums")
        }
        let set = Item(name: prefix + "set in a dictionary") { store, number in
            try blocks(store).set(Checksummed(number: UInt64(number)), for: prefix + "set")
            try crowd(blocks(store), prefix, number)
        } look: { store in
            guard let seen = try blocks(store)[prefix + "set"] else { return .number(0) }
            return seen.isWhole ? .number(Int(seen.number)) : .torn("a block of \(seen.number)")
        }
        let added = Item(name: prefix + "added in a dictionary") { store, _ in
            try sums(store).add(1, to: prefix + "sum")
        } look: { store in
            .number(try sums(store)[prefix + "sum"] ?? 0)
        }
        // Absent, set, absent, and so on.
        let passing = Item(name: prefix + "passing in a dictionary") { store, number in
            if number % 2 == 1 {
                try blocks(store).set(Checksummed(number: UInt64(number)), for: prefix + "passing")
            } else if try blocks(store).removeValue(for: prefix + "passing")?.isWhole == false {
                throw Failure("a block that was removed is torn")
            }
        } look: { store in
            guard let seen = try blocks(store)[prefix + "passing"] else {
                return Look(description: "absent") { $0 % 2 == 0 }
            }
            return seen.isWhole ? .number(Int(seen.number)) : .torn("a block of \(seen.number)")
        }
        return [set, added, passing]
    }

    /// Sets or removes one of 200 entries of which nobody asks.
    private static func crowd(
        _ blocks: SharedDictionary<String, Checksummed>, _ prefix: String, _ number: Int
    ) throws {
        let key = prefix + "crowd \(number * 7 % 200)"
        if number % 400 < 200 {
            try blocks.set(Checksummed(number: UInt64(number)), for: key)
        } else {
            try blocks.removeValue(for: key)
        }
    }

    // MARK: Cells that come and go

    /// Absent, made, renamed, removed, and so on.
    private static func passing(_ name: String) -> Item {
        let (first, second) = (name + " a", name + " b")
        return Item(name: name) { store, number in
            switch number % 3 {
            case 1: _ = try store.value(first, initial: Triple(number))
            case 2: try store.rename(first, to: second)
            default: try store.remove(second)
            }
        } look: { store in
            let there = (try store.contains(first), try store.contains(second))
            switch there {
            case (false, false): return Look(description: "absent") { $0 % 3 == 0 }
            case (true, true): return .torn("under both names")
            default:
                let seen = try store.value(there.0 ? first : second, of: Triple.self).load()
                guard seen.isWhole else { return .torn("\(seen)") }
                return .number(there.0 ? seen.first : seen.first + 1)
            }
        }
    }
}

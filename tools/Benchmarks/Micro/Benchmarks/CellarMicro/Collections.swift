import Cellar
import Glibc

extension Operation {
    private static let entries = 1000

    private static func dictionary(
        _ name: String, _ loop: @escaping @Sendable (SharedDictionary<Int, Block64>) -> Loop
    ) -> Operation {
        Operation("dictionary: " + name) { store in
            let dictionary = try store.dictionary("seen", keys: Int.self, values: Block64.self)
            for index in 0..<entries { try dictionary.set(Block64(a: index), for: index) }
            return loop(dictionary)
        }
    }

    static let dictionaries = [
        dictionary("get") { seen in sum { try seen.value(for: $0 % entries)?.a ?? 0 } },
        dictionary("get what is not there") { seen in sum { try seen.value(for: -1 - $0)?.a ?? 0 } },
        dictionary("contains") { seen in sum { try seen.contains($0 % entries) ? 1 : 0 } },
        dictionary("set") { seen in each { try seen.set(Block64(a: $0), for: $0 % entries) } },
        dictionary("set and remove") { seen in
            let mine = 1_000_000 * Int(getpid())
            return each {
                try seen.set(Block64(a: $0), for: mine)
                _ = try seen.removeValue(for: mine)
            }
        },
        dictionary("update") { seen in each { try seen.update($0 % entries) { $0?.a &+= 1 } } },
        dictionary("count") { seen in sum { _ in try seen.count } },
        Operation("dictionary: forEach of 1,000", isBrief: false) { store in
            let seen = try store.dictionary("seen", keys: Int.self, values: Int.self)
            for index in 0..<entries { try seen.set(index, for: index) }
            return each { _ in
                var sum = 0
                try seen.forEach { (_, value) throws(StoreError) in
                    sum &+= value
                    return true
                }
                sink(sum)
            }
        },
        Operation("dictionary: keys of 1,000", isBrief: false) { store in
            let seen = try store.dictionary("seen", keys: Int.self, values: Int.self)
            for index in 0..<entries { try seen.set(index, for: index) }
            return sum { _ in try seen.keys().count }
        },
        Operation("dictionary: add to Int") { store in
            let seen = try store.dictionary("counts", keys: Int.self, values: Int.self)
            return each { _ = try seen.add(1, to: $0 % entries) }
        },
        Operation("dictionary: compareExchange Int") { store in
            let seen = try store.dictionary("counts", keys: Int.self, values: Int.self)
            return each { _ = try seen.compareExchange($0 % entries, expected: 1, desired: 1) }
        },
        Operation("dictionary: get, text keys") { store in
            let seen = try store.dictionary("texts", keys: String.self, values: Int.self)
            let names = (0..<entries).map(keyText)
            for (index, name) in names.enumerated() { try seen.set(index, for: name) }
            return sum { try seen.value(for: names[$0 % entries]) ?? 0 }
        },
        Operation("dictionary: set, text keys and values") { store in
            let seen = try store.dictionary("pairs", keys: String.self, values: String.self)
            let names = (0..<entries).map(keyText)
            return each { try seen.set(names[$0 % entries], for: names[$0 % entries]) }
        },
    ]

    private static func list(
        _ name: String, isBrief: Bool = true, _ loop: @escaping @Sendable (SharedList<Int>) -> Loop
    ) -> Operation {
        Operation("list: " + name, isBrief: isBrief) { store in
            let list = try store.list("list", of: Int.self, capacity: 10_000)
            while try list.count < entries { try list.append(1) }
            return loop(list)
        }
    }

    static let lists = [
        list("element, get") { list in sum { try list[$0 % 500] } },
        list("element, set") { list in each { try list.set($0, at: $0 % 500) } },
        list("append and removeLast") { list in
            each {
                try list.append($0)
                _ = try list.removeLast()
            }
        },
        list("insert and remove at 0", isBrief: false) { list in
            each {
                try list.insert($0, at: 0)
                _ = try list.remove(at: 0)
            }
        },
        list("count") { list in sum { _ in try list.count } },
        list("elements of 1,000", isBrief: false) { list in sum { _ in try list.elements().count } },
    ]

    private static func log(
        _ name: String, isShared: Bool = true, _ loop: @escaping @Sendable (SharedLog<Int>) throws -> Loop
    ) -> Operation {
        Operation("log: " + name, isShared: isShared) { store in
            let log = try store.log("log", of: Int.self)
            for index in 0..<100 { _ = try log.append(index) }
            return try loop(log)
        }
    }

    static let logs = [
        log("append") { log in each { _ = try log.append($0) } },
        log("append 64 at a time") { log in
            let batch = [Int](repeating: 1, count: 64)
            return each { _ in _ = try log.append(contentsOf: batch) }
        },
        log("entries, 64 of them") { log in
            sum { _ in try log.entries(from: log.offsets.lowerBound, upTo: 64).count }
        },
        log("append and take, one group", isShared: false) { log in
            let group = try log.group("readers")
            return sum {
                _ = try log.append($0)
                return try group.take(upTo: 1, timeout: .zero).count
            }
        },
    ]

    private static func bytes(_ name: String, _ loop: @escaping @Sendable (SharedBlock) -> Loop) -> Operation {
        Operation("block: " + name) { store in loop(try store.block("frame", byteCount: 4096)) }
    }

    static let blocks = [
        bytes("write 4 KiB") { block in
            let frame = [UInt8](repeating: 7, count: 4096)
            return each { _ in try block.write(frame) }
        },
        bytes("read 4 KiB") { block in sum { _ in try block.bytes().count } },
        bytes("withBytes") { block in sum { _ in try block.withBytes { $0.byteCount } ?? 0 } },
        bytes("change in place") { block in
            each { _ in unsafe try block.withUnsafeMutableBytes { unsafe $0[0] &+= 1 } }
        },
        bytes("generation") { block in sum { _ in Int(truncatingIfNeeded: block.generation) } },
    ]
}

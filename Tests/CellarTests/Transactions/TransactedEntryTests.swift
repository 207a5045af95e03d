import Cellar
import CellarTestSupport
import Testing

/// Dictionaries' entries in transactions: how they come and go together.
struct TransactedEntryTests {
    private typealias Pose = TransactedThings.Pose

    /// Entries that come and go in one transaction, in buckets that fill and empty, as in a dictionary of Swift's.
    @Test func manyEntriesAtATime() throws {
        try withScratchStore { scratch in
            var random = SeededRandom(for: "entries in transactions")
            let store = try scratch.open()
            let plain: SharedDictionary<Int, Pose> = try store.dictionary("plain")
            let texts: SharedDictionary<String, String> = try store.dictionary("texts")
            var expected: [Int: Int] = [:]
            for _ in 0..<120 {
                // Drawn beforehand, since the body may run again.
                let isGrowing = random.next() % 2 == 0
                let changes: [(key: Int, number: Int?)] = (0..<Int.random(in: 1...150, using: &random)).map { _ in
                    let isRemoved = isGrowing ? random.next() % 4 == 0 : random.next() % 4 != 0
                    let number = Int.random(in: 0..<900, using: &random)
                    return (Int.random(in: 0..<400, using: &random), isRemoved ? nil : number)
                }
                for (key, number) in changes { expected[key] = number }
                try store.transaction(durability: random.next() % 8 == 0 ? .disk : .memory) { tx in
                    for (key, number) in changes {
                        guard let number else {
                            try tx.removeValue(for: key, in: plain)
                            try tx.removeValue(for: "key \(key)", in: texts)
                            continue
                        }
                        try tx.set(Pose(x: Double(number), y: 0, z: 0), for: key, in: plain)
                        try tx.set(String(repeating: "t", count: number), for: "key \(key)", in: texts)
                    }
                }
                #expect(try plain.count == expected.count)
            }
            for key in 0..<400 {
                #expect(try plain[key]?.x == expected[key].map { Double($0) })
                #expect(try texts["key \(key)"]?.utf8.count == expected[key])
            }
            scratch.closeAll()
            #expect(try Store.check(scratch.path).isWhole)
        }
    }

    /// After a restart only the disk has a dictionary's entries: a transaction brings in what it looks for, inside the
    /// database's own as well.
    @Test(arguments: [TransactionDurability.memory, .disk])
    func whatOnlyTheDiskHas(_ durability: TransactionDurability) throws {
        try withScratchStore { scratch in
            let first: SharedDictionary<Int, String> = try scratch.open().dictionary("texts")
            for key in 0..<500 { try first.set("old \(key)", for: key) }
            let store = try scratch.reboot()
            let texts: SharedDictionary<Int, String> = try store.dictionary("texts")
            try store.transaction(durability: durability) { tx in
                for key in 0..<100 {
                    #expect(try tx.value(for: key, in: texts) == "old \(key)")
                    try tx.set("new \(key)", for: key, in: texts)
                    try tx.removeValue(for: key + 100, in: texts)
                    // Not looked for before.
                    try tx.set("new \(key)", for: key + 200, in: texts)
                }
            }
            #expect(try texts.count == 400)
            let again: SharedDictionary<Int, String> = try scratch.reboot().dictionary("texts")
            #expect(try again.count == 400)
            for key in 0..<500 {
                let expected =
                    key < 100 ? "new \(key)" : key < 200 ? nil : key < 300 ? "new \(key - 200)" : "old \(key)"
                #expect(try again[key] == expected)
            }
        }
    }

    /// A dictionary with a limit keeps to it, however many entries come at a time.
    @Test func aLimitHolds() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let cache: SharedDictionary<Int, Int> = try store.dictionary("cache", capacity: 640)
            for key in 0..<2000 { try cache.set(key, for: key) }
            #expect(try cache.count <= 640)
            try store.transaction { tx in for key in 3000..<3200 { try tx.set(key, for: key, in: cache) } }
            #expect(try cache.count <= 640)
        }
    }
}

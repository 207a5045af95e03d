import Cellar

/// One of each kind of thing that a transaction changes, all in the same version.
private struct Versioned {
    let store: Store
    let word: SharedValue<Int>
    let block: SharedValue<Checksummed>
    let numbers: SharedArray<Int>
    let blocks: SharedArray<Checksummed>
    let entries: SharedDictionary<Int, Int>
    let texts: SharedDictionary<String, String>
    let table: SharedTable<String, Int>

    init(_ store: Store) throws {
        self.store = store
        word = try store.value("word", initial: 1)
        block = try store.value("block", initial: Checksummed(number: 1))
        numbers = try store.array("numbers", count: 2000)
        blocks = try store.array("blocks", count: 600)
        entries = try store.dictionary("entries", keys: Int.self, values: Int.self)
        texts = try store.dictionary("texts", keys: String.self, values: String.self)
        table = try store.table("table", keys: String.self, values: Int.self)
    }

    private static func text(_ version: Int) -> String { String(repeating: "\(version) ", count: version * 40) }

    /// With `count` elements and entries.
    func change(_ tx: borrowing Transaction, to version: Int, count: Int = 2, tables: Bool = false) throws {
        try tx.store(version, to: word)
        try tx.store(Checksummed(number: UInt64(version)), to: block)
        for index in 0..<count { try tx.store(version, to: numbers, at: index * 3) }
        // One of them lies in two chunks.
        for index in 255..<257 { try tx.store(Checksummed(number: UInt64(version)), to: blocks, at: index) }
        for key in 0..<count { try tx.set(version, for: key, in: entries) }
        try tx.set(Self.text(version), for: "text", in: texts)
        // One that comes, and one that goes.
        if version == 2 {
            try tx.set("new", for: "comes", in: texts)
            try tx.removeValue(for: "goes", in: texts)
        } else {
            try tx.set("old", for: "goes", in: texts)
            try tx.removeValue(for: "comes", in: texts)
        }
        if tables { try tx.set(version, for: "row", in: table) }
    }

    /// How much of version 2 is there: all or nothing.
    func state(count: Int = 2, tables: Bool = false) throws -> Int {
        let seen = try store.snapshot { snapshot in
            var seen: [Int?] = [try snapshot.load(word)]
            let block = try snapshot.load(block)
            seen.append(block.isWhole ? Int(block.number) : nil)
            for index in 0..<count { seen.append(try snapshot.load(numbers, at: index * 3)) }
            for index in 255..<257 {
                let block = try snapshot.load(blocks, at: index)
                seen.append(block.isWhole ? Int(block.number) : nil)
            }
            for key in 0..<count { seen.append(try snapshot.value(for: key, in: entries)) }
            let text = try snapshot.value(for: "text", in: texts)
            seen.append([1, 2].first { Self.text($0) == text })
            seen.append(try snapshot.value(for: "comes", in: texts) == "new" ? 2 : 1)
            seen.append(try snapshot.value(for: "goes", in: texts) == "old" ? 1 : 2)
            if tables { seen.append(try snapshot.value(for: "row", in: table)) }
            return seen
        }
        guard Set(seen) == [1] || Set(seen) == [2] else {
            throw CrashScenario.Wrong("a transaction is there in part: \(seen)")
        }
        return seen[0]! - 1
    }
}

extension CrashScenario {
    private static func transaction(
        _ name: String, takesMemory: Bool = false, durability: TransactionDurability = .memory, count: Int = 2,
        tables: Bool = false, saves: Bool = false
    ) -> CrashScenario {
        .on(name, takesMemory: takesMemory) { store in
            let things = try Versioned(store)
            try store.transaction { tx in try things.change(tx, to: 1, count: count, tables: true) }
        } operate: { store in
            let things = try Versioned(store)
            try store.transaction(durability: durability) { tx in
                try things.change(tx, to: 2, count: count, tables: tables)
            }
            if saves { try store.sync() }
        } state: { store in
            try Versioned(store).state(count: count, tables: tables)
        }
    }

    static let transactions: [CrashScenario] = [
        transaction("transaction in memory"),
        transaction("transaction in memory, of many things", count: 400),
        transaction("transaction in memory, saved", takesMemory: true, saves: true),
        transaction("transaction on disk", durability: .disk),
        transaction("transaction on disk, memory lost", takesMemory: true, durability: .disk),
        transaction("transaction with a table", tables: true),
        transaction("transaction with a table, memory lost", takesMemory: true, tables: true),
        .on("transaction on disk after one in memory", takesMemory: true) { store in
            let things = try Versioned(store)
            try store.transaction { tx in try things.change(tx, to: 1) }
        } operate: { store in
            let things = try Versioned(store)
            try store.transaction { tx in try things.change(tx, to: 2) }
            try store.transaction { tx in
                try tx.store(2, to: things.word)
                try tx.set(2, for: "row", in: things.table)
            }
        } state: { store in
            try Versioned(store).state()
        },
        .on("transaction of one change") { store in
            _ = try Versioned(store)
        } operate: { store in
            let things = try Versioned(store)
            try store.transaction { tx in try tx.update(things.word) { $0 = 2 } }
        } state: { store in
            try Versioned(store).word.load() - 1
        },
    ]
}

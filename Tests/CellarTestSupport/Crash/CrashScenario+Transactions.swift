import Cellar

extension CrashScenario {
    /// How much of version 2 is there: all or nothing.
    private static func state(_ store: Store, count: Int = 2, rows: Bool = false) throws -> Int {
        let things = try VersionedThings(store)
        let seen = try store.snapshot { try things.versions($0, count: count, rows: rows) }
        guard seen == [1] || seen == [2] else { throw Wrong("a transaction is there in part: \(seen)") }
        return seen == [2] ? 1 : 0
    }

    private static func transaction(
        _ name: String, takesMemory: Bool = false, durability: TransactionDurability = .memory, count: Int = 2,
        tables: Bool = false, saves: Bool = false
    ) -> CrashScenario {
        .on(name, takesMemory: takesMemory) { store in
            let things = try VersionedThings(store)
            try store.transaction { tx in try things.change(tx, to: 1, count: count, rows: true) }
        } operate: { store in
            let things = try VersionedThings(store)
            try store.transaction(durability: durability) { tx in
                try things.change(tx, to: 2, count: count, rows: tables)
            }
            if saves { try store.sync() }
        } state: { store in
            try state(store, count: count, rows: tables)
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
            let things = try VersionedThings(store)
            try store.transaction { tx in try things.change(tx, to: 1) }
        } operate: { store in
            let things = try VersionedThings(store)
            try store.transaction { tx in try things.change(tx, to: 2) }
            try store.transaction { tx in
                try tx.store(2, to: things.word)
                try things.setRow(2, tx)
            }
        } state: { store in
            try state(store)
        },
        .on("transaction of one change") { store in
            try VersionedThings(store).word.store(1)
        } operate: { store in
            let things = try VersionedThings(store)
            try store.transaction { tx in try tx.update(things.word) { $0 = 2 } }
        } state: { store in
            try VersionedThings(store).word.load() - 1
        },
    ]
}

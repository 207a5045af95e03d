import CBare
import Cellar
import Glibc

/// Transactions in memory, beside a robust lock around a copy of 64 bytes; on disk, beside a table's own write.
struct TransactionRows {
    let path: String
    let operations: Int
    let rounds: Int

    func rows() throws -> [Row] {
        let store = try Store.open(path)
        defer { store.close() }
        let accounts = (try store.value("from", initial: 0), try store.value("to", initial: 0))
        let blocks = (try store.value("first", initial: Block64()), try store.value("second", initial: Block64()))
        let entries = try store.dictionary("entries", keys: Int.self, values: Int.self)
        let table = try store.table("table", keys: Int.self, values: Int.self)
        try store.sync()
        let page = unsafe bare_shared_page()!
        let n = operations / 10
        func beside(_ name: String, limit: Double? = nil, _ ours: @escaping () -> Void) -> Row {
            let row = Comparison(
                name: name, limit: nil, ours: { time(n, ours) },
                bare: { time(n) { unsafe bare_locked_copy64(page, n) } }
            ).run(rounds: rounds, absoluteLimit: limit)
            print(row.line)
            return row
        }
        return [
            beside("transaction of two Int cells", limit: 300) {
                TransactionWork.move(store, accounts.0, accounts.1, n)
            },
            beside("transaction of two 64-byte cells") { TransactionWork.move(store, blocks.0, blocks.1, n) },
            beside("transaction of a cell and an entry") { TransactionWork.move(store, accounts.0, entries, n) },
            beside("snapshot of two Int cells") { TransactionWork.look(store, accounts.0, accounts.1, n) },
            onDisk(store, accounts.0, table),
        ]
    }

    private func onDisk(_ store: Store, _ value: SharedValue<Int>, _ table: SharedTable<Int, Int>) -> Row {
        let n = 20
        let row = Comparison(
            name: "transaction of a cell and a row", limit: nil,
            ours: { time(n) { TransactionWork.write(store, value, table, n) } },
            bare: { time(n) { for index in 0..<n { try? table.set(index, for: 1) } } }
        ).run(rounds: rounds)
        print(row.line)
        return row
    }
}

private enum TransactionWork {
    @inline(never)
    static func move(_ store: Store, _ from: SharedValue<Int>, _ to: SharedValue<Int>, _ count: Int) {
        for _ in 0..<count {
            _ = try? store.transaction { tx in
                try tx.store(try tx.load(from) - 1, to: from)
                try tx.store(try tx.load(to) + 1, to: to)
            }
        }
    }

    @inline(never)
    static func move(_ store: Store, _ from: SharedValue<Block64>, _ to: SharedValue<Block64>, _ count: Int) {
        for _ in 0..<count {
            _ = try? store.transaction { tx in
                var (left, right) = (try tx.load(from), try tx.load(to))
                left.a -= 1
                right.a += 1
                try tx.store(left, to: from)
                try tx.store(right, to: to)
            }
        }
    }

    @inline(never)
    static func move(_ store: Store, _ from: SharedValue<Int>, _ to: SharedDictionary<Int, Int>, _ count: Int) {
        for _ in 0..<count {
            _ = try? store.transaction { tx in
                try tx.store(try tx.load(from) - 1, to: from)
                try tx.set((try tx.value(for: 7, in: to) ?? 0) + 1, for: 7, in: to)
            }
        }
    }

    @inline(never)
    static func look(_ store: Store, _ first: SharedValue<Int>, _ second: SharedValue<Int>, _ count: Int) {
        var sum = 0
        for _ in 0..<count {
            sum &+= (try? store.snapshot { snapshot in try snapshot.load(first) &+ snapshot.load(second) }) ?? 0
        }
        sink(sum)
    }

    @inline(never)
    static func write(_ store: Store, _ value: SharedValue<Int>, _ table: SharedTable<Int, Int>, _ count: Int) {
        for index in 0..<count {
            _ = try? store.transaction { tx in
                try tx.store(index, to: value)
                try tx.set(index, for: 1, in: table)
            }
        }
    }
}

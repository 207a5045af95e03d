import BenchmarkSupport
import Cellar

/// Transactions in memory and on disk, and snapshots.
var transactionWorks: [String: (Place) throws -> Work] {
    [
        "transaction-words": { place in
            let store = try place.open(quiet: true)
            let (from, to) = (try store.value("from", initial: 0), try store.value("to", initial: 0))
            return place.work(store) { count in try time { try TransactionLoops.move(store, from, to, count) } }
        },
        "transaction-blocks": { place in
            let store = try place.open(quiet: true)
            let (from, to) = (try store.value("from", initial: Block64()), try store.value("to", initial: Block64()))
            return place.work(store) { count in try time { try TransactionLoops.move(store, from, to, count) } }
        },
        "transaction-entry": { place in
            let store = try place.open(quiet: true)
            let from = try store.value("from", initial: 0)
            let to = try store.dictionary("to", keys: Int.self, values: Int.self)
            return place.work(store) { count in try time { try TransactionLoops.move(store, from, to, count) } }
        },
        "transaction-row": { place in
            let store = try place.open()
            let value = try store.value("value", initial: 0)
            let table = try store.table("table", keys: Int.self, values: Int.self)
            return place.work(store) { count in try time { try TransactionLoops.write(store, value, table, count) } }
        },
        "snapshot": { place in
            let store = try place.open(quiet: true)
            let (first, second) = (try store.value("first", initial: 0), try store.value("second", initial: 0))
            return place.work(store) { count in try time { try TransactionLoops.look(store, first, second, count) } }
        },
    ]
}

private enum TransactionLoops {
    @inline(never)
    static func move(_ store: Store, _ from: SharedValue<Int>, _ to: SharedValue<Int>, _ count: Int) throws {
        for _ in 0..<count {
            try store.transaction { tx in
                try tx.store(try tx.load(from) - 1, to: from)
                try tx.store(try tx.load(to) + 1, to: to)
            }
        }
    }

    @inline(never)
    static func move(_ store: Store, _ from: SharedValue<Block64>, _ to: SharedValue<Block64>, _ count: Int) throws {
        for _ in 0..<count {
            try store.transaction { tx in
                var (left, right) = (try tx.load(from), try tx.load(to))
                left.a -= 1
                right.a += 1
                try tx.store(left, to: from)
                try tx.store(right, to: to)
            }
        }
    }

    @inline(never)
    static func move(_ store: Store, _ from: SharedValue<Int>, _ to: SharedDictionary<Int, Int>, _ count: Int) throws {
        for _ in 0..<count {
            try store.transaction { tx in
                try tx.store(try tx.load(from) - 1, to: from)
                try tx.set((try tx.value(for: 7, in: to) ?? 0) + 1, for: 7, in: to)
            }
        }
    }

    @inline(never)
    static func look(_ store: Store, _ first: SharedValue<Int>, _ second: SharedValue<Int>, _ count: Int) throws {
        var sum = 0
        for _ in 0..<count {
            sum &+= try store.snapshot { snapshot in try snapshot.load(first) &+ snapshot.load(second) }
        }
        sink(sum)
    }

    @inline(never)
    static func write(_ store: Store, _ value: SharedValue<Int>, _ table: SharedTable<Int, Int>, _ count: Int) throws {
        for index in 0..<count {
            try store.transaction { tx in
                try tx.store(index, to: value)
                try tx.set(index, for: 1, in: table)
            }
        }
    }
}

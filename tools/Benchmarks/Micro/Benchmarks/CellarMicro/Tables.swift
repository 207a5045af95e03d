import Cellar

extension Operation {
    private static let rows = 1000

    private static func table(
        _ name: String, isBrief: Bool = true, _ loop: @escaping @Sendable (SharedTable<Int, Block64>) -> Loop
    ) -> Operation {
        Operation("table: " + name, isBrief: isBrief) { store in
            let table = try store.table("users", keys: Int.self, values: Block64.self)
            if try table.count() < rows {
                try table.write { (batch) throws(StoreError) in
                    for index in 0..<rows { try batch.set(Block64(a: index), for: index) }
                }
            }
            return loop(table)
        }
    }

    static let tables = [
        table("get") { table in sum { try table.value(for: $0 % rows)?.a ?? 0 } },
        table("withValue") { table in
            sum { try table.withValue(for: $0 % rows) { (bytes) throws(StoreError) in bytes.byteCount } ?? 0 }
        },
        table("contains") { table in sum { try table.contains($0 % rows) ? 1 : 0 } },
        table("first and last") { table in sum { _ in try table.first()!.key &+ table.last()!.key } },
        table("count") { table in sum { _ in try table.count() } },
        table("count in a range of 100", isBrief: false) { table in
            sum { _ in try table.count(in: .range(100, upTo: 200)) }
        },
        table("scan 1,000", isBrief: false) { table in
            each { _ in
                var sum = 0
                try table.read { (snapshot) throws(StoreError) in
                    try snapshot.forEach { (entry) throws(StoreError) in
                        sum &+= try entry.value().a
                        return true
                    }
                }
                sink(sum)
            }
        },
        table("scan 1,000 into an array", isBrief: false) { table in sum { _ in try table.scan().count } },
        table("last 10 of 1,000") { table in
            sum { _ in try table.scan(.all, reversed: true, limit: 10).count }
        },
        table("entries, 100 of them", isBrief: false) { table in
            sum { _ in
                var sum = 0
                for entry in try table.entries(in: .range(100, upTo: 200)) { sum &+= try entry.get().key }
                return sum
            }
        },
        table("read, 10 gets") { table in
            sum { first in
                var sum = 0
                try table.read { (snapshot) throws(StoreError) in
                    for index in 0..<10 { sum &+= try snapshot.value(for: (first + index) % rows)?.a ?? 0 }
                }
                return sum
            }
        },
        table("set", isBrief: false) { table in each { try table.set(Block64(a: $0), for: $0 % rows) } },
        table("update", isBrief: false) { table in
            each { try table.update($0 % rows) { (value) throws(StoreError) in value?.a &+= 1 } }
        },
        table("write, 1,000 sets", isBrief: false) { table in
            each { number in
                try table.write { (batch) throws(StoreError) in
                    for index in 0..<rows { try batch.set(Block64(a: number), for: index) }
                }
            }
        },
        table("remove and set", isBrief: false) { table in
            each {
                _ = try table.remove($0 % rows)
                try table.set(Block64(a: $0), for: $0 % rows)
            }
        },
    ]

    private static func multimap(
        _ name: String, isBrief: Bool = true, _ loop: @escaping @Sendable (SharedMultimap<Int, Int>) -> Loop
    ) -> Operation {
        Operation("multimap: " + name, isBrief: isBrief) { store in
            let map = try store.multimap("tags", keys: Int.self, values: Int.self)
            if try map.count() < rows {
                try map.write { (batch) throws(StoreError) in
                    for index in 0..<rows { _ = try batch.insert(index, for: index / 10) }
                }
            }
            return loop(map)
        }
    }

    static let multimaps = [
        multimap("values, ten of them") { map in sum { try map.values(for: $0 % 100).count } },
        multimap("count for a key") { map in sum { try map.count(for: $0 % 100) } },
        multimap("contains") { map in sum { try map.contains($0 % rows, for: $0 % rows / 10) ? 1 : 0 } },
        multimap("insert and remove", isBrief: false) { map in
            each {
                _ = try map.insert($0 + rows, for: 5)
                _ = try map.remove($0 + rows, for: 5)
            }
        },
    ]
}

import CBareLMDB
import Cellar
import Glibc

/// Tables, beside LMDB used directly from C: keys of 16 bytes, values of 64.
struct TableRows {
    let path: String
    let entries: Int
    let rounds: Int

    func rows() throws -> [Row] {
        let peerPath = path + "-peer"
        unsafe mkdir(peerPath, 0o700)
        defer { for file in ["data.mdb", "lock.mdb", ""] { _ = unsafe remove("\(peerPath)/\(file)") } }
        guard let peer = unsafe bare_lmdb_open(peerPath) else { fatalError("LMDB does not open") }
        let store = try Store.open(path)
        defer { store.close() }
        let table = try store.table("table", keys: String.self, values: Block64.self)
        let names = (0..<entries).map(name)
        let order = (0..<entries).shuffled().prefix(20_000)
        // In the order in which they are asked for: what is measured is not where the names lie.
        let chosen = order.map(name)
        let numbers = order.map { UInt32($0) }
        let end = entries / 4 + entries / 2
        let comparisons = [
            Comparison(
                name: "table load, one batch", limit: 1.25,
                ours: { time(names.count) { TableWork.load(names, into: table) } },
                bare: { time(names.count) { sink(Int(unsafe bare_lmdb_load(peer, names.count))) } }),
            Comparison(
                name: "table get, random", limit: 1.25,
                ours: { time(chosen.count) { TableWork.get(chosen, from: table) } },
                bare: {
                    time(numbers.count) {
                        unsafe numbers.withUnsafeBufferPointer {
                            sink(Int(truncatingIfNeeded: unsafe bare_lmdb_get(peer, $0.baseAddress!, $0.count)))
                        }
                    }
                }),
            Comparison(
                name: "table scan", limit: 1.25,
                ours: { time(names.count) { TableWork.scan(table, .all) } },
                bare: { time(names.count) { sink(Int(truncatingIfNeeded: unsafe bare_lmdb_scan(peer))) } }),
            Comparison(
                name: "table scan, range of a half", limit: 1.25,
                ours: { time(entries / 2) { TableWork.scan(table, .range(name(entries / 4), upTo: name(end))) } },
                bare: {
                    time(entries / 2) {
                        sink(
                            Int(
                                truncatingIfNeeded: unsafe bare_lmdb_scan_range(
                                    peer, UInt32(entries / 4), UInt32(end))))
                    }
                }),
        ]
        return comparisons.map { comparison in
            let row = comparison.run(rounds: rounds)
            print(row.line)
            return row
        }
    }

    /// Sixteen bytes.
    private func name(_ index: Int) -> String {
        let digits = String(index)
        return "counter-" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}

enum TableWork {
    @inline(never)
    static func load(_ names: [String], into table: SharedTable<String, Block64>) {
        do {
            try table.write { (batch) throws(StoreError) in
                for (index, name) in names.enumerated() { try batch.set(Block64(a: index), for: name) }
            }
        } catch { fatalError("\(error)") }
    }

    @inline(never)
    static func get(_ names: [String], from table: SharedTable<String, Block64>) {
        var sum = 0
        for name in names {
            guard let block = try? table.value(for: name) else { fatalError("not found") }
            sum &+= block.a &+ block.h
        }
        sink(sum)
    }

    @inline(never)
    static func scan(_ table: SharedTable<String, Block64>, _ range: TableRange<String>) {
        var sum = 0
        do {
            try table.read { (snapshot) throws(StoreError) in
                try snapshot.forEach(in: range) { (entry) throws(StoreError) in
                    let block = try entry.value()
                    sum &+= block.a &+ block.h
                    return true
                }
            }
        } catch { fatalError("\(error)") }
        sink(sum)
    }
}

import CBare
import Cellar
import Glibc

/// Lookups, opening and memory, on a store of many cells.
struct StoreRows {
    let path: String
    let cells: Int
    let rounds: Int

    /// Sixteen bytes.
    private func name(_ index: Int) -> String {
        let digits = String(index)
        return "counter-" + String(repeating: "0", count: 8 - digits.count) + digits
    }

    func rows() throws -> [Row] {
        var rows: [Row] = []
        func add(_ row: Row) {
            print(row.line)
            rows.append(row)
        }
        add(try fill())
        add(try lookup())
        for count in [10, 1000, cells] { try openRows(count).forEach(add) }
        return rows
    }

    /// Fills the store and weighs its cells.
    private func fill() throws -> Row {
        let store = try Store.open(path)
        defer { store.close() }
        let before = try store.statistics().segment!.used
        for index in 0..<cells { _ = try store.value(name(index), initial: index) }
        let bytes = Double(try store.statistics().segment!.used - before) / Double(cells)
        return Row(name: "segment bytes an Int cell", figure: "\(short(bytes)) B", limit: 192, value: bytes)
    }

    private func lookup() throws -> Row {
        let store = try Store.open(path)
        defer { store.close() }
        let names = (0..<cells).shuffled().prefix(20_000).map(name)
        let table = unsafe bare_table(cells)
        return Comparison(
            name: "lookup among \(cells) cells", limit: nil,
            ours: { time(names.count) { Work.lookUp(names, in: store) } },
            bare: { time(names.count) { sink(Int(truncatingIfNeeded: unsafe bare_find(table, names.count))) } }
            // A round takes a few milliseconds only, and a neighbour on the same core slows some tenths of a second down.
        ).run(rounds: rounds * 20, absoluteLimit: 150)
    }

    /// Opening with the segment in memory, and without, in milliseconds.
    private func openRows(_ count: Int) throws -> [Row] {
        let path = path + "-open"
        defer { try? Store.remove(path) }
        let store = try Store.open(path)
        for index in 0..<count { _ = try store.value(name(index), initial: index) }
        store.close()
        var warm = Samples()
        var cold = Samples()
        for _ in 0..<rounds {
            warm.add(try open(path))
            try Store.discardSegment(of: path)
            cold.add(try open(path))
        }
        return [
            row("warm open, \(count) cells", warm, limit: 2), row("cold open, \(count) cells", cold, limit: 10),
        ]
    }

    private func row(_ name: String, _ samples: Samples, limit: Double) -> Row {
        Row(
            name: name, figure: "\(short(samples.median)) ms", spread: samples.spread, limit: limit,
            value: samples.median)
    }

    private func open(_ path: String) throws -> Double {
        let start = now()
        let store = try Store.open(path)
        let milliseconds = (now() - start) / 1e6
        store.close()
        return milliseconds
    }
}

/// The table of what the store has beside what one process counted alone.
struct Comparison {
    let stored: [DemoTotal: Int]
    let recounted: [DemoTotal: Int]

    private static let columns = 2

    var differences: [DemoTotal] { DemoTotal.all.filter { stored[$0, default: 0] != recounted[$0, default: 0] } }

    func write(to output: Output) throws {
        let height = (DemoTotal.all.count + Self.columns - 1) / Self.columns
        let title = cells("", "store", "recount", "")
        try write(Array(repeating: title, count: Self.columns), to: output)
        for row in 0..<height {
            let places = (0..<Self.columns).map { $0 * height + row }.filter { $0 < DemoTotal.all.count }
            try write(places.map { entry(DemoTotal.all[$0]) }, to: output)
        }
    }

    private func write(_ entries: [String], to output: Output) throws {
        let line = entries.joined(separator: "   ")
        try output.line(String(line[...(line.lastIndex { $0 != " " } ?? line.startIndex)]))
    }

    private func entry(_ total: DemoTotal) -> String {
        let pair = (stored[total, default: 0], recounted[total, default: 0])
        return cells(
            total.name, Printable.grouped(pair.0), Printable.grouped(pair.1), pair.0 == pair.1 ? "ok" : "DIFFERS")
    }

    private func cells(_ name: String, _ stored: String, _ recounted: String, _ verdict: String) -> String {
        Printable.padded(name, to: 5) + Printable.rightAligned(stored, to: 13)
            + Printable.rightAligned(recounted, to: 13) + " " + Printable.padded(verdict, to: 2)
    }
}

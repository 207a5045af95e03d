import Cellar

/// One number of a store, sampled again and again.
struct SampleHistory {
    let name: String
    /// Each with the text that it is shown as.
    private(set) var samples: [(number: Double, text: String)] = []
    /// Whether what others change shows at the next look.
    private(set) var isInMemory = true

    init(_ name: String) { self.name = name }

    mutating func sample(_ store: Store) throws {
        if let source = try EntrySource(name, in: store) { return try add(source.count()) }
        if let info = try store.cellInfo(name) {
            isInMemory = info.isInMemory
            switch info.kind {
            case .queue: return add(try store.untypedQueue(name).depth().unfinished)
            case .list: return add(try store.untypedList(name).count())
            case .log: return add(Int(clamping: try store.untypedLog(name).offsets.upperBound))
            default: break
            }
        }
        let path = try CellPath(name, in: store)
        let cell = try store.cell(path.name)
        isInMemory = cell.info.isInMemory
        let range = try path.range(in: cell.info)
        guard path.isSingle(in: cell.info) else {
            throw ToolError(.usage, "'\(name)' is an array: say which element, as in '\(path.name)[0]'")
        }
        try add(path.part(of: cell.content(at: range.lowerBound)))
    }

    private mutating func add(_ count: Int) { samples.append((Double(count), "\(count)")) }

    private mutating func add(_ content: CellContent) throws {
        let number: Double? =
            switch content {
            case .integer(let number): Double(number)
            case .unsigned(let number): Double(number)
            case .float(let number): Double(number)
            case .floating(let number): number
            case .boolean(let isTrue): isTrue ? 1 : 0
            case .text, .list, .object: nil
            }
        guard let number else {
            throw ToolError(.badData, "'\(name)' is no number: of a struct, say which field, as in '\(name).x'")
        }
        samples.append((number, content.description))
    }

    // MARK: Showing

    private var finite: [(number: Double, text: String)] { samples.filter { $0.number.isFinite } }
    private var least: (number: Double, text: String)? { finite.min { $0.number < $1.number } }
    private var most: (number: Double, text: String)? { finite.max { $0.number < $1.number } }

    private static let bars = Array("▁▂▃▄▅▆▇█")

    /// A bar for each sample, from the least to the most; those that are no numbers have none.
    var spark: String {
        guard let least, let most else { return String(repeating: " ", count: samples.count) }
        let span = most.number - least.number
        return String(
            samples.map { sample in
                guard sample.number.isFinite else { return " " }
                if span == 0 || !span.isFinite { return Self.bars[3] }
                return Self.bars[min(Int((sample.number - least.number) / span * 8), 7)]
            })
    }

    var columns: [String] {
        let last = samples.last?.text ?? "-"
        return [Printable.line(name), spark, least?.text ?? "-", most?.text ?? "-", last]
    }

    func json(interval: Duration) -> String {
        func json(_ sample: (number: Double, text: String)?) -> String {
            guard let sample else { return "null" }
            let isWord = sample.text == "true" || sample.text == "false"
            return sample.number.isFinite || isWord ? sample.text : CellContent.escape(sample.text)
        }
        var line = JSONLine()
        line.add("name", name)
        line.add("interval_milliseconds", Int64(interval / .milliseconds(1)))
        line.add("samples", json: "[" + samples.map(json).joined(separator: ", ") + "]")
        line.add("min", json: json(least))
        line.add("max", json: json(most))
        line.add("last", json: json(samples.last))
        return line.closed
    }
}

extension EntrySource {
    fileprivate func count() throws -> Int {
        switch self {
        case .dictionary(let dictionary): try dictionary.count()
        case .table(let table): try table.count()
        }
    }
}

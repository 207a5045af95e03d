import Cellar

/// Samples as lines, for files and programs.
enum TopLines {
    /// Each panel under its title.
    static func write(_ sample: Sample, filter: String, rows: Int, to output: Output) throws {
        let place = sample.hasSegment ? "" : ", no segment in memory"
        try output.line(
            "\(Printable.line(sample.path)) at \(SystemCall.universalTime(nanoseconds: sample.time))\(place)")
        for problem in sample.problems { try output.line("cannot be read: " + Printable.line(problem)) }
        for panel in Panel.allCases {
            let table = panel.table(sample, sorting: 0, filter: filter)
            if table.count == 0 { continue }
            try output.line("")
            try output.line(panel.title)
            try table.write(atMost: panel == .memory ? .max : rows, to: output)
        }
    }

    // MARK: For programs

    /// One object with everything.
    static func json(_ sample: Sample, filter: String, rows: Int) -> String {
        let names = NameFilter(filter)
        var line = JSONLine()
        line.add("time", SystemCall.universalTime(nanoseconds: sample.time))
        line.add("store", sample.path)
        line.add("statistics", json: sample.figures.map(StatCommand.json) ?? "null")
        line.add("checkpoints_per_second", json: number(sample.checkpoints.rate))
        let cells = CellsPanel.sorted(sample.cells.filter { names.keeps($0.name) }, by: "rate")
        line.add("cells", json: list(cells.prefix(rows).map(json)))
        line.add("queues", json: list(sample.queues.filter { names.keeps($0.name) }.prefix(rows).map(json)))
        line.add("processes", json: list(sample.processes.filter { names.keeps($0.name) }.prefix(rows).map(json)))
        line.add("locks", json: list(sample.locks.filter { names.keeps($0.name) }.prefix(rows).map(LockLines.json)))
        line.add("tables", json: list(sample.tables.filter { names.keeps($0.name) }.prefix(rows).map(json)))
        line.add("problems", json: list(sample.problems.map(CellContent.escape)))
        return line.closed
    }

    private static func json(_ cell: Sample.CellRate) -> String {
        var line = JSONLine()
        line.add("name", cell.name)
        line.add("kind", cell.kind)
        line.add("type", cell.type)
        line.add("bytes", json: cell.bytes.map { "\($0)" } ?? "null")
        line.add("in_memory", cell.isInMemory)
        line.add("changes_per_second", json: number(cell.rate))
        line.add("at_least", cell.isAtLeast)
        return line.closed
    }

    private static func json(_ queue: Sample.QueueRate) -> String {
        var line = JSONLine()
        line.add("name", queue.name)
        line.add("capacity", queue.capacity)
        line.add("ready", queue.depth.ready)
        line.add("delayed", queue.depth.delayed)
        line.add("leased", queue.depth.leased)
        line.add("dead", queue.depth.dead)
        line.add("oldest_milliseconds", json: queue.oldestAge.map { "\(Int64($0 / .milliseconds(1)))" } ?? "null")
        line.add("put_per_second", json: number(queue.putRate))
        line.add("out_per_second", json: number(queue.outRate))
        return line.closed
    }

    private static func json(_ table: Sample.TableRate) -> String {
        var line = JSONLine()
        line.add("name", table.name)
        line.add("kind", table.kind)
        line.add("type", table.type)
        line.add("count", table.count)
        line.add("bytes", table.bytes)
        line.add("growth_per_second", json: number(table.growth))
        return line.closed
    }

    private static func json(_ process: AttachmentInfo) -> String {
        var line = JSONLine()
        line.add("pid", process.processID)
        line.add("name", process.name)
        line.add("since", SystemCall.universalTime(nanoseconds: process.startedAt))
        line.add("alive", process.isAlive)
        return line.closed
    }

    private static func list(_ items: [String]) -> String { "[" + items.joined(separator: ", ") + "]" }

    /// With three digits behind the point.
    private static func number(_ number: Double?) -> String {
        guard let number, number.isFinite else { return "null" }
        return "\((number * 1000).rounded() / 1000)"
    }
}

import ArgumentParser
import BenchmarkSupport
import Foundation

@main
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cellar-compare",
        abstract: "Puts Cellar beside what people use today, in one run.",
        discussion: """
            tools/Benchmarks/compare installs and builds what is compared, starts the servers and calls this.

            Each row is one piece of work. Everyone who can do it does it in turn, round after round, so that a drift of the \
            machine's speed meets all. Figures are medians of the rounds; a ratio is Cellar's figure by the other's of the \
            same round, of which the median is given: below 1 Cellar is faster, or smaller.
            """,
        subcommands: [Rows.self, Curves.self], defaultSubcommand: Rows.self)
}

/// Where things are, and how long to measure.
struct Setting: ParsableArguments {
    @Option(help: "Where the compiled programs are (bin/) and Python's (venv/).") var programs: String
    @Option(help: "Where the Python programs' sources are.") var peers: String
    @Option(help: "Redis's socket.") var redis: String?
    @Option(help: "The socket of a Redis that writes each change to disk.") var redisDurable: String?
    @Option(help: "Memcached's socket.") var memcached: String?
    @Option(help: "Rounds of each row.") var rounds = 9
    @Option(help: "Milliseconds that a program works in a round.") var ms = 100
    @Option(help: "Only those whose name has this in it.") var only: [String] = []
    @Flag(help: "One JSON object a line.") var json = false
    @Option(help: "Draws charts (SVG) in this directory.") var plot: String?
    @Flag(help: "Says what there is to measure, and ends.") var list = false

    func validate() throws {
        guard rounds > 0, ms > 0 else { throw ValidationError("--rounds and --ms are at least 1") }
    }

    func wants(_ name: String) -> Bool { only.isEmpty || only.contains { name.contains($0) } }
}

struct Rows: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures every row beside its peers (the default).",
        discussion: "Ends with status 1 if a goal is missed.")
    @OptionGroup var setting: Setting
    @Option(help: "Writes the rows as tables in Markdown to this file as well.") var markdown: String?
    @Flag(help: "Dictionaries of 10,000,000 entries as well (some minutes and 6 GiB more).") var large = false

    func run() throws {
        let rows = allRows(large: large).filter { setting.wants($0.id) }
        if setting.list { return rows.forEach { print($0.id) } }
        guard !rows.isEmpty else { throw ValidationError("there is no such row; --list says which there are") }
        let session = Session(setting)
        defer { session.end() }
        var report = Report(json: setting.json)
        report.begin(Machine())
        for (index, row) in rows.enumerated() {
            progress("[\(index + 1)/\(rows.count)] \(row.id)")
            report.add(session.measure(row))
        }
        report.end()
        if let markdown {
            try MarkdownTables(report.results).text.write(toFile: markdown, atomically: true, encoding: .utf8)
        }
        if let plot = setting.plot { try Chart.bars(report.results).forEach { try $0.write(in: plot) } }
        if !report.allHold { throw ExitCode(1) }
    }
}

struct Curves: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "growth",
        abstract: "Measures how time and memory grow with the number of things.",
        discussion: """
            Fits a power of the number to each curve: an exponent of 0 is constant, of 1 in proportion. Ends with status 1 if \
            one is over its bound.
            """)
    @OptionGroup var setting: Setting

    func run() throws {
        let curves = allCurves.filter { setting.wants($0.id) }
        if setting.list { return curves.forEach { print($0.id) } }
        guard !curves.isEmpty else { throw ValidationError("there is no such curve; --list says which there are") }
        let session = Session(setting)
        defer { session.end() }
        var results: [CurveResult] = []
        if !setting.json { print(CurveResult.heading) }
        for curve in curves {
            progress(curve.id)
            let result = curve.measured(in: session)
            print(setting.json ? try jsonLine(result) : result.line)
            results.append(result)
        }
        if let plot = setting.plot { try results.map(Chart.curve).forEach { try $0.write(in: plot) } }
        if results.contains(where: { !$0.holds }) { throw ExitCode(1) }
    }
}

/// What is going on, where somebody looks.
private func progress(_ text: String) {
    guard isatty(STDERR_FILENO) == 1 else { return }
    let bytes = Array("\r\u{1B}[K\(text)\r".utf8)
    _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
}

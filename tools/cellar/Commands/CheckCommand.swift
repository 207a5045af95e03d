import ArgumentParser
import Cellar

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Looks whether a store is whole, in memory and on disk.",
        discussion: """
            Changes nothing, and does not disturb who uses the store. Each line of what is wrong begins with its kind:

              damaged     nothing of Cellar writes such bytes; 'cellar discard' goes back to the last checkpoint
              unfinished  a process died in the middle of something; whoever comes to it next finishes or undoes it
              wasted      memory that nobody can use until the next restart; harmless

            With --repair, what was unfinished and is no longer is named, a line each. Exit status 0 only if nothing is \
            damaged or unfinished (any more), 1 otherwise.

              cellar check robot.cellar
              cellar check robot.cellar --repair
            """)

    @OptionGroup var store: StoreArgument
    @Flag(help: "Finish or undo at once what processes that died left, then look.") var repair = false
    @Flag(help: "One JSON object on one line.") var json = false

    func run() throws {
        var report = try Store.check(store.path)
        var repaired: [StoreFinding] = []
        if repair {
            let before = report.findings
            report = try Store.repair(store.path)
            let after = Set(report.findings)
            repaired = before.filter { !after.contains($0) }
        }
        let output = Output()
        if json {
            try output.line(Self.json(report, repaired: repair ? repaired : nil))
        } else {
            for finding in repaired { try output.line("repaired: \(Self.text(finding))") }
            try Self.show(report, on: output)
        }
        try output.flush()
        if !report.isWhole { throw ExitCode(1) }
    }

    private static func show(_ report: Store.CheckReport, on output: Output) throws {
        let width = (report.counts.map(\.structure.count) + [0]).max() ?? 0
        for count in report.counts {
            let wrong = report.findings.count { $0.structure == count.structure && $0.kind != .wasted }
            let outcome = wrong == 0 ? "whole" : "\(wrong) wrong"
            let name = Printable.padded(count.structure, to: width)
            try output.line("\(name)  \(outcome), \(Printable.grouped(count.count)) \(count.unit)")
        }
        for finding in report.findings {
            try output.line("\(finding.kind.rawValue): \(text(finding))")
        }
        try output.line(report.isWhole ? "the store is whole" : "the store is not whole")
    }

    private static func text(_ finding: StoreFinding) -> String {
        "\(finding.structure): \(Printable.line(finding.text))"
    }

    private static func json(_ findings: [StoreFinding]) -> String {
        let lines = findings.map { finding in
            var line = JSONLine()
            line.add("kind", finding.kind.rawValue)
            line.add("structure", finding.structure)
            line.add("text", finding.text)
            return line.closed
        }
        return "[" + lines.joined(separator: ",") + "]"
    }

    private static func json(_ report: Store.CheckReport, repaired: [StoreFinding]?) -> String {
        var counts = JSONLine()
        for count in report.counts { counts.add(count.structure, count.count) }
        var line = JSONLine()
        line.add("whole", json: report.isWhole ? "true" : "false")
        line.add("counts", json: counts.closed)
        line.add("findings", json: json(report.findings))
        if let repaired { line.add("repaired", json: json(repaired)) }
        return line.closed
    }
}

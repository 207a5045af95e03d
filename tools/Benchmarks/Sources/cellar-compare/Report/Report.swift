import BenchmarkSupport
import Foundation

/// Says each row as it is done, to people or to programs.
struct Report {
    let json: Bool
    private(set) var results: [RowResult] = []
    private(set) var allHold = true
    private var missed: [String] = []

    init(json: Bool) { self.json = json }

    func begin(_ machine: Machine) {
        if json { return say(machine) }
        print(machine.line)
        print("")
        print(columns("work", "median", "least…most", "ratio", "goal"))
    }

    mutating func add(_ result: RowResult) {
        results.append(result)
        for verdict in result.verdicts where verdict.holds == false {
            allHold = false
            missed.append("\(result.id): \(text(verdict, of: result)) (\(verdict.goal))")
        }
        if json { say(result) } else { show(result) }
        // Whoever reads through a pipe sees each row when it is there.
        fflush(nil)
    }

    func end() {
        guard !json else { return }
        print("")
        print(missed.isEmpty ? "every goal holds" : "missed:")
        for goal in missed { print("  " + goal) }
    }

    private func say(_ value: some Encodable) { print((try? jsonLine(value)) ?? "{}") }

    // MARK: For people

    private func show(_ result: RowResult) {
        for (index, party) in result.parties.enumerated() {
            let verdicts = result.verdicts.filter { index == 0 ? $0.opponent == nil : $0.opponent == party.title }
            let name = index == 0 ? result.id : "    \(party.title)"
            guard let median = party.median, let least = party.least, let most = party.most else {
                print(columns(name, "–", reason(party.failure), "", ""))
                continue
            }
            print(
                columns(
                    name, result.unit.text(median), "\(result.unit.text(least))…\(result.unit.text(most))",
                    index == 0 ? "" : party.ratio.map { short($0) + "×" } ?? "",
                    verdicts.map { verdict in
                        guard let holds = verdict.holds else { return "\(verdict.goal) not measured" }
                        return "\(verdict.goal) \(holds ? "holds" : "MISSED")"
                    }.joined(separator: "; ")))
        }
    }

    private func text(_ verdict: RowResult.Verdict, of result: RowResult) -> String {
        guard let value = verdict.value else { return "–" }
        if verdict.opponent == nil { return result.unit.text(value) }
        return "\(short(value))×" + (verdict.opponent.map { " of \($0)" } ?? "")
    }

    private func reason(_ failure: String?) -> String {
        guard let failure else { return "no figure" }
        return failure.hasPrefix("skip ") ? String(failure.dropFirst(5)) : failure
    }
}

func jsonLine(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

private func columns(_ name: String, _ median: String, _ spread: String, _ ratio: String, _ goal: String) -> String {
    let line = [pad(name, 58), pad(median, 10), pad(spread, 22), pad(ratio, 9), goal].joined(separator: " ")
    return String(line.reversed().drop { $0 == " " }.reversed())
}

func pad(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(width - text.count, 0)) }

/// The rows as tables for a page of documentation: a table for each kind of thing, a row for each work.
struct MarkdownTables {
    private let results: [RowResult]

    private static let kinds: [(title: String, groups: [String])] = [
        ("Words, structs, names", ["word", "struct", "lookup by name"]),
        ("Locks and signals", ["lock", "semaphore", "condition", "event", "once"]),
        ("Arrays", ["array"]), ("Dictionaries", ["dictionary", "pause"]),
        ("Tables, and writes that wait for the disk", ["table", "durable"]),
        ("Transactions", ["transaction", "snapshot"]), ("Queues", ["queue"]), ("Waking, and pipes", ["wake", "pipe"]),
        ("Opening, recovery, checkpoints", ["open", "recovery", "checkpoint"]),
        ("Memory, and doing nothing", ["memory", "idle"]),
    ]

    init(_ results: [RowResult]) { self.results = results }

    var text: String {
        Self.kinds.compactMap { kind in
            let rows = results.filter { kind.groups.contains($0.group) }
            return rows.isEmpty ? nil : table(kind.title, rows)
        }.joined(separator: "\n")
    }

    private func table(_ title: String, _ rows: [RowResult]) -> String {
        let head = [
            "### \(title)", "", "| work | Cellar | beside it (Cellar's by theirs) | goal |", "|---|---|---|---|",
        ]
        return (head + rows.map(line)).joined(separator: "\n") + "\n"
    }

    private func line(_ row: RowResult) -> String {
        let others = row.parties.dropFirst().compactMap { party in
            party.median.map { "\(party.title): \(row.unit.text($0)) (\(party.ratio.map(short) ?? "–")×)" }
        }
        let goals = row.verdicts.map { verdict in
            let other = verdict.opponent
            let figure =
                verdict.holds == false
                ? verdict.value.map { ": \(other == nil ? row.unit.text($0) : short($0) + "×")" } ?? "" : ""
            let missed = verdict.holds == false ? " **missed**" : ""
            return verdict.goal + (other.map { " of \($0)" } ?? "") + figure + missed
        }
        let ours = row.ours.map(row.unit.text) ?? "–"
        return "| \(row.id) | \(ours) | \(others.joined(separator: "; ")) | \(goals.joined(separator: "; ")) |"
    }
}

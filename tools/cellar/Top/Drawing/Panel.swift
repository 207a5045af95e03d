/// What of a store is shown.
enum Panel: Int, CaseIterable {
    case cells, queues, processes, locks, memory, tables

    var title: String {
        switch self {
        case .cells: "Cells"
        case .queues: "Queues"
        case .processes: "Processes"
        case .locks: "Locks"
        case .memory: "Memory"
        case .tables: "Tables"
        }
    }

    /// By what its rows can be sorted, the usual one first.
    var sortings: [String] {
        switch self {
        case .cells: ["rate", "name", "size"]
        case .queues: ["depth", "name", "age", "rate"]
        case .processes: ["age", "name", "state"]
        case .locks: ["waiters", "name", "time"]
        case .memory: []
        case .tables: ["entries", "name", "size", "growth"]
        }
    }

    /// What there is to show, of what has the filter's text in its name.
    func table(_ sample: Sample, sorting: Int, filter: String) -> PanelTable {
        switch self {
        case .cells: CellsPanel.table(sample, sorting, NameFilter(filter))
        case .queues: QueuesPanel.table(sample, sorting, NameFilter(filter))
        case .processes: ProcessesPanel.table(sample, sorting, NameFilter(filter))
        case .locks: LocksPanel.table(sample, sorting, NameFilter(filter))
        case .memory: MemoryPanel.table(sample)
        case .tables: TablesPanel.table(sample, sorting, NameFilter(filter))
        }
    }
}

/// Names that have a text in them, in capitals or not.
struct NameFilter {
    private let text: String

    init(_ text: String) { self.text = text.lowercased() }

    func keeps(_ name: String) -> Bool { text.isEmpty || name.lowercased().contains(text) }
}

/// Amounts in a panel.
enum PanelText {
    /// `0`, `2.5`, `1,234`; `-` where it is not known.
    static func rate(_ rate: Double?, isAtLeast: Bool = false) -> String {
        guard let rate else { return "-" }
        let text = rate >= 1000 && rate < 1e15 ? Printable.grouped(Int(rate.rounded())) : HumanUnits.rounded(rate)
        return (isAtLeast ? "≥ " : "") + (rate == 0 ? "0" : text)
    }

    /// `0.8 ms`, `250 ms`, `4.2 s`, `3 min 5 s`.
    static func duration(_ duration: Duration?) -> String {
        guard let duration else { return "-" }
        if duration < .milliseconds(10) { return HumanUnits.rounded(max(duration / .milliseconds(1), 0)) + " ms" }
        if duration < .seconds(1) { return "\(Int(duration / .milliseconds(1))) ms" }
        return duration < .seconds(60)
            ? HumanUnits.rounded(duration / .seconds(1)) + " s" : HumanUnits.duration(duration)
    }
}

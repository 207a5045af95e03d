/// Cells by how much they change.
enum CellsPanel {
    private static let trend = 20

    static func table(_ sample: Sample, _ sorting: Int, _ filter: NameFilter) -> PanelTable {
        let cells = sorted(sample.cells.filter { filter.keeps($0.name) }, by: Panel.cells.sortings[sorting])
        return PanelTable(
            columns: [
                .init(title: "NAME"), .init(title: "CHANGES/S", width: 12, isRight: true),
                .init(title: "KIND", width: 15),
                .init(title: "SIZE", width: 9, isRight: true), .init(title: "TREND", width: trend, isTrend: true),
                .init(title: "TYPE", width: 24),
            ], count: cells.count, row: { row(cells[$0]) })
    }

    private static func row(_ cell: Sample.CellRate) -> [PanelTable.Piece] {
        let isBusy = (cell.rate ?? 0) > 0
        return [
            .init(text: cell.name, style: isBusy ? .bold : .plain),
            .init(text: PanelText.rate(cell.rate, isAtLeast: cell.isAtLeast), style: isBusy ? .good : .dim),
            .init(text: cell.isInMemory ? cell.kind : cell.kind + " (disk)", style: .plain),
            .init(text: cell.bytes.map(HumanUnits.bytes) ?? "-", style: .plain),
            .init(text: SparkLine.text(cell.history, width: trend), style: .accent),
            .init(text: cell.type, style: .dim),
        ]
    }

    /// By rate only what changes is sorted: of a million cells that rest, the order is that of their names already.
    static func sorted(_ cells: [Sample.CellRate], by sorting: String) -> [Sample.CellRate] {
        switch sorting {
        case "rate":
            let busy = cells.filter { ($0.rate ?? 0) > 0 }.sorted { $0.rate ?? 0 > $1.rate ?? 0 }
            return busy + cells.filter { ($0.rate ?? 0) <= 0 }
        case "size": return cells.sorted { $0.bytes ?? 0 > $1.bytes ?? 0 }
        default: return cells
        }
    }
}

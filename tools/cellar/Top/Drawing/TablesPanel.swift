/// Tables and multimaps by how many entries they have.
enum TablesPanel {
    private static let trend = 20

    static func table(_ sample: Sample, _ sorting: Int, _ filter: NameFilter) -> PanelTable {
        let tables = sorted(sample.tables.filter { filter.keeps($0.name) }, by: Panel.tables.sortings[sorting])
        return PanelTable(
            columns: [
                .init(title: "NAME"), .init(title: "ENTRIES", width: 13, isRight: true),
                .init(title: "SIZE", width: 9, isRight: true), .init(title: "GROWTH/S", width: 10, isRight: true),
                .init(title: "KIND", width: 8), .init(title: "TREND", width: trend, isTrend: true),
                .init(title: "TYPE", width: 24),
            ], count: tables.count, row: { row(tables[$0]) })
    }

    private static func row(_ table: Sample.TableRate) -> [PanelTable.Piece] {
        let isBusy = (table.growth ?? 0) != 0
        return [
            .init(text: table.name, style: isBusy ? .bold : .plain),
            .init(text: Printable.grouped(table.count), style: .plain),
            .init(text: HumanUnits.bytes(table.bytes), style: .plain),
            .init(text: growth(table.growth), style: isBusy ? .good : .dim),
            .init(text: table.kind, style: .plain),
            .init(text: SparkLine.text(table.history, width: trend), style: .accent),
            .init(text: table.type, style: .dim),
        ]
    }

    /// `+2.5`, `-1,234`, `0`.
    private static func growth(_ growth: Double?) -> String {
        guard let growth, growth != 0 else { return PanelText.rate(growth) }
        return (growth > 0 ? "+" : "-") + PanelText.rate(growth.magnitude)
    }

    private static func sorted(_ tables: [Sample.TableRate], by sorting: String) -> [Sample.TableRate] {
        func pace(_ table: Sample.TableRate) -> Double { table.growth?.magnitude ?? 0 }
        return switch sorting {
        case "entries": tables.sorted { $0.count > $1.count }
        case "size": tables.sorted { $0.bytes > $1.bytes }
        case "growth": tables.sorted { pace($0) > pace($1) }
        default: tables
        }
    }
}

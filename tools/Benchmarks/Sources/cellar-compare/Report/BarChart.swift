/// A bar for each figure of each row, on a logarithmic scale.
struct BarChart {
    private let rows: [RowResult]
    private let scale: LogScale
    private static let (left, width, bar, gap) = (250.0, 900.0, 16.0, 34.0)

    init(_ rows: [RowResult]) {
        self.rows = rows
        let values = rows.flatMap { row in row.parties.compactMap(\.median).filter { $0 > 0 } }
        scale = LogScale(values, from: Self.left, to: Self.width - 90)
    }

    var svg: String {
        var parts: [String] = []
        var y = 30.0
        for row in rows {
            let figures = row.parties.filter { ($0.median ?? 0) > 0 }
            guard !figures.isEmpty else { continue }
            parts.append(Drawing.text(row.id, x: 10, y: y, size: 14, bold: true))
            y += 8
            for figure in figures {
                parts += bar(figure, row.unit, y)
                y += Self.bar + 2
            }
            y += Self.gap
        }
        let grid = scale.marks.flatMap { mark in
            [
                Drawing.line(scale.place(mark), 10, scale.place(mark), y - 20, "#dde2e8"),
                Drawing.text(rows[0].unit.text(mark), x: scale.place(mark), y: y - 5, size: 11, anchor: "middle"),
            ]
        }
        return Drawing.page(width: Self.width, height: y + 5, grid + parts)
    }

    private func bar(_ figure: RowResult.Figure, _ unit: Unit, _ y: Double) -> [String] {
        let median = figure.median ?? scale.least
        let end = scale.place(median)
        let colour = figure.program == .cellar ? Drawing.ours : Drawing.others
        let middle = y + Self.bar / 2
        return [
            Drawing.text(figure.title, x: Self.left - 6, y: middle + 4, anchor: "end"),
            """
            <rect x="\(Self.left)" y="\(y)" width="\(max(end - Self.left, 1))" height="\(Self.bar)" fill="\(colour)"/>
            """,
            Drawing.line(
                scale.place(max(figure.least ?? median, scale.least)), middle,
                scale.place(min(figure.most ?? median, scale.most)), middle, "black"),
            Drawing.text(
                unit.text(median), x: scale.place(min(max(median, figure.most ?? 0), scale.most)) + 5, y: middle + 4),
        ]
    }
}

/// Rows of columns of which one takes what place the others leave. Rows are made when they are asked for.
struct PanelTable {
    struct Column {
        var title: String
        /// Nil: as wide as can be.
        var width: Int?
        var isRight = false
        /// Bars, that are nothing for a file.
        var isTrend = false
    }

    typealias Piece = StyledLine.Piece

    var columns: [Column]
    var count: Int
    var row: (Int) -> [Piece]

    private static let leastFlexible = 12
    private static let gap = 2

    /// The titles, and the rows of the range, in so many columns. What has no place is left out, from the right.
    func lines(_ range: Range<Int>, width: Int) -> (heading: StyledLine, rows: [StyledLine]) {
        let widths = widths(width)
        let heading = columns.map { Piece(text: $0.title, style: .dim) }
        return (line(heading, widths), range.map { line(row($0), widths) })
    }

    private func widths(_ width: Int) -> [Int] {
        var fixed = columns.map { $0.width ?? Self.leastFlexible }
        while fixed.count > 1, fixed.reduce(0, +) + Self.gap * (fixed.count - 1) > width { fixed.removeLast() }
        let rest = width - fixed.reduce(0, +) - Self.gap * (fixed.count - 1)
        if let flexible = columns[..<fixed.count].firstIndex(where: { $0.width == nil }), rest > 0 {
            fixed[flexible] += rest
        }
        return fixed
    }

    private func line(_ pieces: [Piece], _ widths: [Int]) -> StyledLine {
        var line = StyledLine()
        for (index, width) in widths.enumerated() {
            if index > 0 { line.add(String(repeating: " ", count: Self.gap)) }
            let text = Printable.line(pieces[index].text)
            line.add(
                columns[index].isRight ? TextWidth.fitRight(text, to: width) : TextWidth.fit(text, to: width),
                pieces[index].style)
        }
        return line
    }

    /// All of it for a file: no bars, each column as wide as it needs to be.
    func write(atMost rows: Int, to output: Output) throws {
        let kept = columns.indices.filter { !columns[$0].isTrend }
        var plain = Columns(kept.map { columns[$0].title })
        for index in 0..<min(count, rows) {
            let pieces = row(index)
            plain.add(kept.map { Printable.line(pieces[$0].text) })
        }
        try plain.write(to: output)
        if count > rows { try output.line("and \(Printable.grouped(count - rows)) more") }
    }
}

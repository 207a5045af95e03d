/// Turns a screen's lines into what is to be written: only lines that are others than before, all in one piece.
struct Screen {
    let inColour: Bool
    private var size: Terminal.Size?
    private var shown: [String] = []

    init(inColour: Bool) { self.inColour = inColour }

    /// Whatever is on the screen, all is written with the next frame.
    mutating func forget() { size = nil }

    /// The bytes that make the screen show these lines, from its top.
    mutating func frame(_ lines: [StyledLine], _ size: Terminal.Size) -> String {
        var text = ""
        if size != self.size {
            text = "\u{1B}[0m\u{1B}[2J"
            shown = []
        }
        self.size = size
        var rows = lines.prefix(size.rows).map { $0.cut(to: size.columns).encoded(inColour: inColour) }
        rows += [String](repeating: "", count: size.rows - rows.count)
        for (index, row) in rows.enumerated() where index >= shown.count ? !row.isEmpty : row != shown[index] {
            // Erased first: at the end of a full line there is no place for the cursor.
            text += "\u{1B}[\(index + 1);1H\u{1B}[2K\(row)"
        }
        shown = rows
        return text
    }
}

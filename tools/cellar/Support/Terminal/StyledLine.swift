/// A line of a screen, in pieces that may look different. Text is made `Printable` here: nothing in it commands a terminal.
struct StyledLine: Equatable {
    /// How text looks.
    enum Style: Equatable {
        case plain, bold, dim, reversed
        case good, warning, bad, accent

        /// The parameters of the escape sequence; without colours only those that are none.
        func codes(inColour: Bool) -> String? {
            switch self {
            case .plain: nil
            case .bold: "1"
            case .dim: inColour ? "2" : nil
            case .reversed: "7"
            case .good: inColour ? "32" : nil
            case .warning: inColour ? "33" : "1"
            case .bad: inColour ? "31" : "1"
            case .accent: inColour ? "36" : nil
            }
        }
    }

    struct Piece: Equatable {
        var text: String
        var style: Style
    }

    private(set) var pieces: [Piece] = []

    init() {}

    init(_ text: String, _ style: Style = .plain) { add(text, style) }

    mutating func add(_ text: String, _ style: Style = .plain) {
        if !text.isEmpty { pieces.append(Piece(text: Printable.line(text), style: style)) }
    }

    var text: String { pieces.map(\.text).joined() }

    /// The same in so many columns at most.
    func cut(to width: Int) -> StyledLine {
        var (result, left) = (StyledLine(), width)
        for piece in pieces where left > 0 {
            let text = TextWidth.cut(piece.text, to: left)
            result.pieces.append(Piece(text: text, style: piece.style))
            left = text == piece.text ? left - TextWidth.of(text) : 0
        }
        return result
    }

    /// The same, with blanks of the last piece's style up to that width.
    func filled(to width: Int) -> StyledLine {
        var result = cut(to: width)
        let missing = width - TextWidth.of(result.text)
        if missing > 0 { result.add(String(repeating: " ", count: missing), pieces.last?.style ?? .plain) }
        return result
    }

    /// With escape sequences for how it looks.
    func encoded(inColour: Bool) -> String {
        pieces.map { piece in
            guard let codes = piece.style.codes(inColour: inColour) else { return piece.text }
            return "\u{1B}[\(codes)m\(piece.text)\u{1B}[0m"
        }.joined()
    }
}

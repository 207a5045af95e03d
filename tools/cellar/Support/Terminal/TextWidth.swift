/// How many columns text takes on a terminal.
enum TextWidth {
    static func of(_ text: some StringProtocol) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    private static func of(_ character: Character) -> Int { character.unicodeScalars.reduce(0) { $0 + of($1) } }

    /// As terminals count: marks take none, and what stands in a square of its own in East Asia takes two.
    private static func of(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        return scalar.properties.isEmojiPresentation || wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    /// The blocks that Unicode's EastAsianWidth.txt has as wide or full width.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
        0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F265, 0x20000...0x3FFFD,
    ]

    /// As much of the text as has place in so many columns, the last with `…` if something was left out.
    static func cut(_ text: String, to width: Int) -> String {
        if of(text) <= width { return text }
        var (result, left) = ("", width - 1)
        guard left >= 0 else { return "" }
        for character in text {
            left -= of(character)
            if left < 0 { break }
            result.append(character)
        }
        return result + "…"
    }

    /// The end of the text, as much of it as has place in so many columns, the first with `…` if something was left out.
    static func cutStart(_ text: String, to width: Int) -> String {
        if of(text) <= width { return text }
        return String(cut(String(text.reversed()), to: width).reversed())
    }

    /// Exactly so many columns: cut, or padded at its end.
    static func fit(_ text: String, to width: Int) -> String {
        let shown = cut(text, to: width)
        return shown + String(repeating: " ", count: max(width - of(shown), 0))
    }

    /// Exactly so many columns: cut, or padded at its start.
    static func fitRight(_ text: String, to width: Int) -> String {
        let shown = cut(text, to: width)
        return String(repeating: " ", count: max(width - of(shown), 0)) + shown
    }
}

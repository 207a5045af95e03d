/// A key or a value of a table for people, without the Swift type it came from.
public enum TableContent: Hashable, Sendable {
    /// A plain value, text, or the parts of a composite key as a list.
    case content(CellContent)
    /// JSON, as the table has it.
    case json(String)
    /// Bytes: what they stand for is their program's to know.
    case bytes([UInt8])

    /// For people: as `CellContent.description`; bytes in hexadecimal.
    public var description: String {
        switch self {
        case .content(let content): content.description
        case .json(let text): CellContent.text(text).description
        case .bytes(let bytes): TableHex.text(bytes)
        }
    }

    /// For programs: JSON on one line; bytes as a string of hexadecimal digits.
    public var json: String {
        switch self {
        case .content(let content): content.json
        // Line breaks can only be between the parts of JSON, where a space is as good.
        case .json(let text): text.replacing(#/[\r\n]/#, with: " ")
        case .bytes(let bytes): CellContent.escape(TableHex.text(bytes))
        }
    }
}

/// Bytes as people write them: two hexadecimal digits each.
enum TableHex {
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        bytes.reduce(into: "") { text, byte in text += (byte < 16 ? "0" : "") + String(byte, radix: 16) }
    }

    /// Nil if the text is none.
    static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Character(Unicode.Scalar(digits[place])).hexDigitValue,
                let low = Character(Unicode.Scalar(digits[place + 1])).hexDigitValue
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}

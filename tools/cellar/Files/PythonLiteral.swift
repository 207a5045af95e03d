/// A value as Python writes it: what the header of an `.npy` file is made of.
indirect enum PythonLiteral: Equatable {
    case text(String)
    case number(Int)
    /// `True`, `False`, `None`.
    case word(String)
    case tuple([PythonLiteral])
    case list([PythonLiteral])
    case dictionary([String: PythonLiteral])

    /// Nil for text that is no such value.
    init?(_ bytes: [UInt8]) {
        var reader = PythonReader(bytes)
        guard let value = reader.value(depth: 0), reader.isAtEnd else { return nil }
        self = value
    }

    /// As a string in single quotes, all of it ASCII.
    static func quoted(_ text: String) -> String {
        var result = "'"
        for scalar in text.unicodeScalars {
            switch scalar {
            case "'", "\\": result += "\\" + String(scalar)
            case " "..."~": result.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                let (mark, width) = scalar.value > 0xFFFF ? ("\\U", 8) : ("\\u", 4)
                result += mark + String(repeating: "0", count: width - digits.count) + digits
            }
        }
        return result + "'"
    }
}

/// A recursive-descent reader; nil where the text is none.
private struct PythonReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return position == bytes.count
        }
    }

    mutating func value(depth: Int) -> PythonLiteral? {
        skipSpace()
        guard depth < 32, position < bytes.count else { return nil }
        switch bytes[position] {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return text().map { .text($0) }
        case UInt8(ascii: "("): return values(")", depth).map { $0.isOne ? $0.values[0] : .tuple($0.values) }
        case UInt8(ascii: "["): return values("]", depth).map { .list($0.values) }
        case UInt8(ascii: "{"): return dictionary(depth)
        default: return word()
        }
    }

    /// `isOne`: one value without a comma behind, which in parentheses is no tuple.
    private mutating func values(_ close: Unicode.Scalar, _ depth: Int) -> (values: [PythonLiteral], isOne: Bool)? {
        position += 1
        var values: [PythonLiteral] = []
        while !take(close) {
            guard let value = value(depth: depth + 1) else { return nil }
            values.append(value)
            if take(",") { continue }
            guard take(close) else { return nil }
            return (values, values.count == 1)
        }
        return (values, false)
    }

    private mutating func dictionary(_ depth: Int) -> PythonLiteral? {
        position += 1
        var members: [String: PythonLiteral] = [:]
        while !take("}") {
            guard case .text(let name)? = value(depth: depth + 1), take(":"), let value = value(depth: depth + 1),
                members.updateValue(value, forKey: name) == nil
            else { return nil }
            if take(",") { continue }
            guard take("}") else { return nil }
            break
        }
        return .dictionary(members)
    }

    private mutating func word() -> PythonLiteral? {
        let start = position
        while position < bytes.count, Self.isWord(bytes[position]) { position += 1 }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        if let number = Int(word) { return .number(number) }
        return ["True", "False", "None"].contains(word) ? .word(word) : nil
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private mutating func text() -> String? {
        let quote = bytes[position]
        position += 1
        var result: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == quote { return String(validating: result, as: UTF8.self) }
            if byte == UInt8(ascii: "\\") {
                guard let scalar = escape() else { return nil }
                result += Array(String(scalar).utf8)
            } else {
                result.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        guard position < bytes.count else { return nil }
        let mark = bytes[position]
        position += 1
        let count: Int
        switch mark {
        case UInt8(ascii: "x"): count = 2
        case UInt8(ascii: "u"): count = 4
        case UInt8(ascii: "U"): count = 8
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "\\"): return Unicode.Scalar(mark)
        default: return nil
        }
        guard position + count <= bytes.count,
            let number = UInt32(String(decoding: bytes[position..<position + count], as: UTF8.self), radix: 16)
        else { return nil }
        position += count
        return Unicode.Scalar(number)
    }

    private mutating func take(_ symbol: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: symbol) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }
}

extension CellContent {
    /// The value as JSON on one line.
    ///
    /// Numbers are the shortest that read back as the same number; integers are JSON numbers of up to 39 digits. What
    /// JSON has no number for is a string: "nan" (whatever its payload), "inf", "-inf".
    public var json: String {
        var text = ""
        writeJSON(to: &text)
        return text
    }

    private func writeJSON(to text: inout String) {
        switch self {
        case .float(let number) where !number.isFinite: text += Self.escape(Self.nonfinite(number))
        case .floating(let number) where !number.isFinite: text += Self.escape(Self.nonfinite(number))
        case .integer, .unsigned, .float, .floating, .boolean: text += description
        case .text(let string): text += Self.escape(string)
        case .list(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += ", " }
                value.writeJSON(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += ", " }
                text += Self.escape(member.name) + ": "
                member.value.writeJSON(to: &text)
            }
            text += "}"
        }
    }

    static func nonfinite(_ number: some BinaryFloatingPoint) -> String {
        number.isNaN ? "nan" : number < 0 ? "-inf" : "inf"
    }

    /// The text as a JSON string, in quotes. Control characters and line separators are escaped, so that it stays on
    /// one line and cannot command a terminal.
    public static func escape(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            return "\"\(text)\""
        }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\u{C}": result += "\\f"
            case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}": result += unicodeEscape(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// `\u` and four hexadecimal digits, for a scalar that has no more.
    static func unicodeEscape(_ scalar: Unicode.Scalar) -> String {
        let hex = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: max(4 - hex.count, 0)) + hex
    }

    /// Reads JSON (RFC 8259), from anywhere: nesting beyond 32, a name twice in an object, `null` and everything that is
    /// not JSON throw `.invalidValue`. O(length).
    ///
    /// A number without fraction and exponent is an `.integer`, exactly, or `.unsigned` if it needs `UInt128`; all others
    /// are `.floating`.
    public init(json: String) throws(StoreError) {
        var reader = ContentTextReader(json, isRelaxed: false)
        self = try Self.content(of: reader.whole())
    }

    private static func content(of tree: ContentTree) throws(StoreError) -> CellContent {
        switch tree {
        case .word("true"): return .boolean(true)
        case .word("false"): return .boolean(false)
        case .word("null"): throw StoreError(.invalidValue, "null stands for no value of any type")
        case .word(let digits):
            if let whole = Int128(digits) { return .integer(whole) }
            if let whole = UInt128(digits) { return .unsigned(whole) }
            guard let number = Double(digits), number.isFinite else {
                throw StoreError(.invalidValue, "the number '\(digits.prefix(80))' is too large")
            }
            return .floating(number)
        case .text(let text): return .text(text)
        case .list(let trees):
            var values: [CellContent] = []
            for tree in trees { values.append(try content(of: tree)) }
            return .list(values)
        case .object(let trees):
            var members: [Member] = []
            for (name, tree) in trees { members.append(Member(name: name, value: try content(of: tree))) }
            return .object(members)
        }
    }
}

/// JSON as it is written, before anybody asks what types its words are.
indirect enum ContentTree {
    /// What stands without quotes: `3`, `true`, `null`; in relaxed text anything without a delimiter.
    case word(String)
    case text(String)
    case list([ContentTree])
    case object([(name: String, tree: ContentTree)])
}

/// A recursive-descent reader of JSON, and of the relaxed form that people type, in which names and words need no quotes.
struct ContentTextReader {
    private let bytes: [UInt8]
    private let isRelaxed: Bool
    private var position = 0

    static let maximumDepth = 32

    init(_ text: String, isRelaxed: Bool) {
        bytes = Array(text.utf8)
        self.isRelaxed = isRelaxed
    }

    mutating func whole() throws(StoreError) -> ContentTree {
        let tree = try tree(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw bad("something follows the value") }
        return tree
    }

    /// - Parameter depth: how many lists and objects are open.
    private mutating func tree(depth: Int) throws(StoreError) -> ContentTree {
        skipSpace()
        guard position < bytes.count else { throw bad("a value is missing") }
        switch bytes[position] {
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            guard depth < Self.maximumDepth else { throw bad("it is nested more than \(Self.maximumDepth) deep") }
            return take("[") ? try list(depth + 1) : try object(depth + 1)
        default:
            let start = position
            let word = word()
            guard !word.isEmpty else { throw bad("a value is missing") }
            guard isRelaxed || Self.isJSON(word.utf8) else {
                position = start
                throw bad("'\(word.prefix(40))' is no JSON")
            }
            return .word(word)
        }
    }

    private mutating func list(_ depth: Int) throws(StoreError) -> ContentTree {
        var trees: [ContentTree] = []
        if take("]") { return .list(trees) }
        repeat { trees.append(try tree(depth: depth)) } while take(",")
        guard take("]") else { throw bad("']' is missing") }
        return .list(trees)
    }

    private mutating func object(_ depth: Int) throws(StoreError) -> ContentTree {
        guard take("{") else { throw bad("'{' is missing") }
        var trees: [(name: String, tree: ContentTree)] = []
        var names: Set<String> = []
        if take("}") { return .object(trees) }
        repeat {
            let name = try name()
            guard names.insert(name).inserted else { throw bad("the name '\(name)' is there twice") }
            guard take(":") else { throw bad("':' is missing after '\(name)'") }
            trees.append((name, try tree(depth: depth)))
        } while take(",")
        guard take("}") else { throw bad("'}' is missing") }
        return .object(trees)
    }

    private mutating func name() throws(StoreError) -> String {
        skipSpace()
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") { return try string() }
        let name = isRelaxed ? word() : ""
        guard !name.isEmpty else { throw bad("a name is missing") }
        return name
    }

    // MARK: Tokens

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private mutating func take(_ symbol: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: symbol) else { return false }
        position += 1
        return true
    }

    /// Up to the next delimiter; perhaps empty.
    private mutating func word() -> String {
        let start = position
        while position < bytes.count, !Self.isDelimiter(bytes[position]) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private static func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
            UInt8(ascii: "}"), UInt8(ascii: "\""):
            true
        default: false
        }
    }

    /// Whether a word is `true`, `false`, `null` or a number by JSON's grammar.
    private static func isJSON(_ word: String.UTF8View) -> Bool {
        if ["true", "false", "null"].contains(where: { word.elementsEqual($0.utf8) }) { return true }
        var rest = word[...]
        func digits() -> Int {
            let count = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        let startsWithZero = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, whole == 1 || !startsWithZero else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            guard digits() > 0 else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }

    // MARK: Strings

    private mutating func string() throws(StoreError) -> String {
        position += 1
        var result: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: result, as: UTF8.self)
            case UInt8(ascii: "\\"): result.append(contentsOf: String(try escape()).utf8)
            case 0..<0x20: throw bad("a control character stands unescaped in a string")
            default: result.append(byte)
            }
        }
        throw bad("a quote is not closed")
    }

    /// What follows a backslash.
    private mutating func escape() throws(StoreError) -> Unicode.Scalar {
        guard position < bytes.count else { throw bad("an escape is cut off") }
        position += 1
        switch bytes[position - 1] {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let unit = try hexadecimal()
            if let scalar = Unicode.Scalar(unit) { return scalar }
            guard (0xD800..<0xDC00).contains(unit), bytes[position...].starts(with: "\\u".utf8) else {
                throw bad("half of a surrogate pair is missing")
            }
            position += 2
            let low = try hexadecimal()
            guard (0xDC00..<0xE000).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
            else { throw bad("half of a surrogate pair is missing") }
            return scalar
        default: throw bad("there is no such escape")
        }
    }

    /// Four hexadecimal digits.
    private mutating func hexadecimal() throws(StoreError) -> UInt32 {
        guard position + 4 <= bytes.count, bytes[position] != UInt8(ascii: "+"), bytes[position] != UInt8(ascii: "-"),
            let number = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw bad("\\u wants four hexadecimal digits") }
        position += 4
        return number
    }

    private func bad(_ what: String) -> StoreError {
        let shown = String(decoding: bytes.prefix(120), as: UTF8.self) + (bytes.count > 120 ? "…" : "")
        return StoreError(.invalidValue, "'\(shown)' cannot be read: at byte \(position), \(what)")
    }
}

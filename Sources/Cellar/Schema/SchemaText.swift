/// The canonical text of schemas, and its reader.
///
/// ```
/// type  = scalar | "uuid" | "simd<" scalar ", " n ">" | "string<" n ">" | "array<" type ", " n ">"
///       | "enum<" size ">{" case {", " case} "}" | "{" field {", " field} "}"
/// case  = quoted " = " bits " " quoted          field = quoted ": " type " @" offset
/// ```
/// A quoted name stands without quotes if it is an identifier or a tuple's ".0".
enum SchemaText {
    static func text(of shape: Schema.Shape) -> String {
        switch shape {
        case .scalar(let scalar): scalar.rawValue
        case .simd(let scalar, let lanes): "simd<\(scalar.rawValue), \(lanes)>"
        case .string(let capacity): "string<\(capacity)>"
        case .uuid: "uuid"
        case .array(let element, let count): "array<\(element), \(count)>"
        case .enumeration(let size, let cases):
            "enum<\(size)>{"
                + cases.map { "\(name($0.name)) = \($0.bits) \(quoted($0.rawValue))" }.joined(separator: ", ") + "}"
        case .structure(let fields):
            "{" + fields.map { "\(name($0.name)): \($0.schema) @\($0.offset)" }.joined(separator: ", ") + "}"
        }
    }

    private static func name(_ text: String) -> String {
        !text.isEmpty && text.utf8.allSatisfy(isNameByte) ? text : quoted(text)
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// In double quotes; quotes, backslashes and control characters as `\hh`.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" || scalar.value < 0x20 || scalar.value == 0x7F {
                let hex = String(scalar.value, radix: 16)
                result += "\\" + (hex.count < 2 ? "0" + hex : hex)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension Schema {
    /// Reads a schema's text: the canonical form, or the short names that people type (`int`, `uint`, `text<64>`).
    ///
    /// The text may come from anywhere: depth, sizes and counts are bounded, offsets are checked not to overlap, and
    /// everything that is not a schema throws `.invalidValue`. O(length).
    public init(parsing text: some StringProtocol) throws(StoreError) {
        var parser = SchemaParser(Array(text.utf8))
        self = try parser.whole()
    }
}

/// A recursive-descent reader over bytes.
struct SchemaParser {
    private let bytes: [UInt8]
    private var position = 0
    private var nodes = 0

    static let maximumLength = 1 << 16
    static let maximumDepth = 16
    static let maximumNodes = 1 << 12
    static let maximumSize = 1 << 30
    /// Places in a value whose bytes may not be just anything: work that a short text can ask for.
    static let maximumChecks = 1 << 16

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func whole() throws(StoreError) -> Schema {
        guard bytes.count <= Self.maximumLength else { throw bad("it is longer than \(Self.maximumLength) bytes") }
        let schema = try type(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw bad("something follows the type at byte \(position)") }
        return schema
    }

    private mutating func type(depth: Int) throws(StoreError) -> Schema {
        nodes += 1
        guard depth < Self.maximumDepth, nodes < Self.maximumNodes else { throw bad("it is nested too deeply") }
        skipSpace()
        let shape = peek(UInt8(ascii: "{")) ? try structure(depth) : try named(depth)
        let schema = Schema(shape)
        guard schema.size > 0, schema.size <= Self.maximumSize else { throw bad("a type has \(schema.size) bytes") }
        return schema
    }

    private mutating func named(_ depth: Int) throws(StoreError) -> Schema.Shape {
        let word = try name()
        if let scalar = Self.scalar(word) { return .scalar(scalar) }
        if word == "uuid" { return .uuid }
        try expect("<")
        switch word {
        case "simd":
            let scalarName = try name()
            guard let scalar = Self.scalar(scalarName), scalar != .bool, scalar.size <= 8 else {
                throw bad("'\(scalarName)' has no vectors")
            }
            try expect(",")
            let lanes = try number()
            try expect(">")
            guard [2, 3, 4, 8, 16, 32, 64].contains(lanes) else { throw bad("no vector has \(lanes) lanes") }
            return .simd(scalar, lanes: lanes)
        case "string", "text":
            let capacity = try number()
            try expect(">")
            guard (1...65535).contains(capacity) else { throw bad("no string has a capacity of \(capacity)") }
            return .string(capacity: capacity)
        case "array":
            let element = try type(depth: depth + 1)
            try expect(",")
            let count = try number()
            try expect(">")
            guard count > 0, count <= Self.maximumSize / element.stride,
                element.acceptsAllBits || count * element.checks.count <= Self.maximumChecks
            else { throw bad("an inline array has \(count) elements") }
            return .array(element, count: count)
        case "enum": return try enumeration()
        default: throw bad("'\(word)' is no type")
        }
    }

    private mutating func enumeration() throws(StoreError) -> Schema.Shape {
        let size = try number()
        try expect(">")
        try expect("{")
        guard [1, 2, 4, 8].contains(size) else { throw bad("an enum has \(size) bytes") }
        var cases: [Schema.Case] = []
        repeat {
            let name = try quotedOrName()
            try expect("=")
            let bits = try number(as: UInt64.self)
            guard size == 8 || bits < 1 << UInt64(size * 8) else { throw bad("a case does not fit its enum") }
            cases.append(Schema.Case(name: name, bits: bits, rawValue: try quotedOrName()))
        } while take(",")
        try expect("}")
        guard Set(cases.map(\.bits)).count == cases.count else { throw bad("two cases have the same bits") }
        return .enumeration(size: size, cases: cases)
    }

    private mutating func structure(_ depth: Int) throws(StoreError) -> Schema.Shape {
        try expect("{")
        var fields: [Schema.Field] = []
        var end = 0
        var checks = 0
        repeat {
            let name = try quotedOrName()
            try expect(":")
            let schema = try type(depth: depth + 1)
            try expect("@")
            let offset = try number()
            guard offset >= end, offset <= Self.maximumSize, offset % schema.alignment == 0 else {
                throw bad("field '\(name)' cannot lie at \(offset)")
            }
            end = offset + schema.size
            checks += schema.checks.count
            guard checks <= Self.maximumChecks else { throw bad("it has too many places to check") }
            fields.append(Schema.Field(name: name, offset: offset, schema: schema))
        } while take(",")
        try expect("}")
        guard Set(fields.map(\.name)).count == fields.count else { throw bad("two fields have the same name") }
        return .structure(fields)
    }

    private static func scalar(_ word: String) -> Schema.Scalar? {
        switch word {
        case "int": .int64
        case "uint": .uint64
        case "float32": .float
        case "float64": .double
        default: Schema.Scalar(rawValue: word)
        }
    }

    // MARK: Tokens

    private mutating func skipSpace() {
        while position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
    }

    private func peek(_ byte: UInt8) -> Bool { position < bytes.count && bytes[position] == byte }

    private mutating func take(_ symbol: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek(UInt8(ascii: symbol)) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ symbol: Unicode.Scalar) throws(StoreError) {
        guard take(symbol) else { throw bad("'\(symbol)' is missing at byte \(position)") }
    }

    private mutating func name() throws(StoreError) -> String {
        skipSpace()
        let start = position
        while position < bytes.count, SchemaText.isNameByte(bytes[position]) { position += 1 }
        guard position > start else { throw bad("a name is missing at byte \(position)") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func number<Number: FixedWidthInteger>(
        as type: Number.Type = Int.self
    ) throws(StoreError) -> Number {
        let digits = try name()
        guard let number = Number(digits), number >= 0 else { throw bad("'\(digits)' is no number") }
        return number
    }

    private mutating func quotedOrName() throws(StoreError) -> String {
        skipSpace()
        guard peek(UInt8(ascii: "\"")) else { return try name() }
        position += 1
        var result: [UInt8] = []
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\") {
                guard position + 2 < bytes.count,
                    let byte = UInt8(String(decoding: bytes[(position + 1)...(position + 2)], as: UTF8.self), radix: 16)
                else { throw bad("an escape is cut off at byte \(position)") }
                result.append(byte)
                position += 3
            } else {
                result.append(bytes[position])
                position += 1
            }
        }
        guard take("\"") else { throw bad("a quote is not closed") }
        return String(decoding: result, as: UTF8.self)
    }

    private func bad(_ what: String) -> StoreError {
        let shown = String(decoding: bytes.prefix(200), as: UTF8.self)
        return StoreError(
            .invalidValue, "'\(shown)' is no type: \(what). Types are \(Self.examples)")
    }

    static let examples =
        "int8…int64, uint8…uint64, float, double, bool, uuid, string<64>, simd<float, 4>, array<int, 3> and "
        + "{name: type @offset, …}"
}

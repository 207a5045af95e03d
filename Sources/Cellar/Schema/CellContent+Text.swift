extension CellContent: CustomStringConvertible {
    /// The value for people: `3`, `0.5`, `true`, `hello`, `[1, 2]`, `{x: 1.0, tag: "a"}`.
    ///
    /// Text stands in quotes inside lists and objects only. Control characters other than line breaks and tabs are
    /// escaped, so that text from a store cannot command a terminal. `json` is the form for programs.
    public var description: String {
        guard case .text(let text) = self else {
            var result = ""
            write(to: &result)
            return result
        }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}": result += Self.unicodeEscape(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private func write(to text: inout String) {
        switch self {
        case .integer(let number): text += String(number)
        case .unsigned(let number): text += String(number)
        case .float(let number): text += number.isFinite ? number.description : Self.nonfinite(number)
        case .floating(let number): text += number.isFinite ? number.description : Self.nonfinite(number)
        case .boolean(let value): text += value ? "true" : "false"
        case .text(let string): text += Self.escape(string)
        case .list(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += ", " }
                value.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += ", " }
                let isName = !member.name.isEmpty && member.name.utf8.allSatisfy(SchemaText.isNameByte)
                text += (isName ? member.name : Self.escape(member.name)) + ": "
                member.value.write(to: &text)
            }
            text += "}"
        }
    }
}

extension CellContent {
    /// Reads what a person types for a value of the type.
    ///
    /// - Numbers: `3`, `-0x10`, `0b101`, `1e3`, `0.5`, `nan`, `-inf`. Whole numbers are read exactly; `1e3` and `1.0` are
    ///   whole. Truth values: `true`, `false`.
    /// - Text and the names (or raw values) of an enum's cases: as they stand, without quotes.
    /// - Lists and objects: JSON, in which names, and text without delimiters, need no quotes: `[1, 2]`, `{x: 1, y: 2}`.
    ///   An object may lack fields: `Schema.bytes(of:over:)` decides whether it may.
    ///
    /// The text may be anything: what does not fit throws `.invalidValue` and says what the type wants. O(length).
    public init(parsing text: String, as schema: Schema) throws(StoreError) {
        var typing = ContentTyping()
        switch schema.shape {
        case .string, .enumeration: self = try typing.content(of: .text(text), as: schema)
        case .scalar, .simd, .uuid, .array, .structure:
            let tree: ContentTree
            do {
                var reader = ContentTextReader(text, isRelaxed: true)
                tree = try reader.whole()
            } catch {
                throw StoreError(.invalidValue, "\(error.message); the type wants \(schema.wanted)")
            }
            self = try typing.content(of: tree, as: schema)
        }
    }
}

/// Gives types to the words of a text.
private struct ContentTyping {
    private var path = ContentPath()

    mutating func content(of tree: ContentTree, as schema: Schema) throws(StoreError) -> CellContent {
        switch (schema.shape, tree) {
        case (.scalar(let scalar), .word(let word)):
            guard let content = scalar.content(parsing: word) else { throw path.unwanted(word, schema) }
            return try checked(content, schema)
        case (.scalar(let scalar), .text(let text)):
            guard ["nan", "inf", "-inf"].contains(text), let content = scalar.content(parsing: text) else {
                throw path.unwanted(text, schema)
            }
            return content
        case (.string, .word(let text)), (.string, .text(let text)): return try checked(.text(text), schema)
        case (.uuid, .word(let text)), (.uuid, .text(let text)):
            guard let bytes = InlineUUID.bytes(parsing: text) else { throw path.unwanted(text, schema) }
            return .text(InlineUUID.text(of: bytes))
        case (.enumeration(_, let cases), .word(let text)), (.enumeration(_, let cases), .text(let text)):
            guard let found = CellContent.text(text).match(in: cases) else { throw path.unwanted(text, schema) }
            return .text(found.name)
        case (.simd(let scalar, let lanes), .list(let trees)) where trees.count == lanes:
            return .list(try elements(trees, of: Schema(.scalar(scalar))))
        case (.array(let element, let count), .list(let trees)) where trees.count == count:
            return .list(try elements(trees, of: element))
        case (.structure(let fields), .object(let trees)): return try object(trees, fields)
        case (.structure(let fields), .list(let trees))
        where trees.count == fields.count && fields.allSatisfy { $0.name.hasPrefix(".") }:
            return try object(zip(fields, trees).map { (name: $0.name, tree: $1) }, fields)
        default: throw path.unwanted(tree.summary, schema)
        }
    }

    private mutating func elements(_ trees: [ContentTree], of schema: Schema) throws(StoreError) -> [CellContent] {
        var values: [CellContent] = []
        values.reserveCapacity(trees.count)
        for (index, tree) in trees.enumerated() {
            path.enter(.element(index))
            values.append(try content(of: tree, as: schema))
            path.leave()
        }
        return values
    }

    private mutating func object(
        _ trees: [(name: String, tree: ContentTree)], _ fields: [Schema.Field]
    ) throws(StoreError) -> CellContent {
        let schemas = Dictionary(fields.map { ($0.name, $0.schema) }) { first, _ in first }
        var members: [CellContent.Member] = []
        for (name, tree) in trees {
            guard let schema = schemas[name] else { throw path.unknownField(name, fields) }
            path.enter(.field(name))
            members.append(CellContent.Member(name: name, value: try content(of: tree, as: schema)))
            path.leave()
        }
        return .object(members)
    }

    /// The content of a number or text, if the type has such a value.
    private func checked(_ content: CellContent, _ schema: Schema) throws(StoreError) -> CellContent {
        var writer = ContentWriter(size: schema.size, path: path)
        try writer.write(content, as: schema, at: 0)
        return content
    }
}

extension ContentTree {
    /// What was written, for messages.
    fileprivate var summary: String {
        switch self {
        case .word(let text), .text(let text): text
        case .list(let trees): "a list of \(trees.count)"
        case .object(let trees): "an object with the fields \(Schema.listing(trees.map(\.name)))"
        }
    }
}

// MARK: Numbers

extension Schema.Scalar {
    /// The number or truth value that a word stands for; nil if none, perhaps one that is out of range.
    fileprivate func content(parsing word: String) -> CellContent? {
        switch self {
        case .bool: return word == "true" ? .boolean(true) : word == "false" ? .boolean(false) : nil
        case .float16: return Self.number(word, as: Float16.self).map { CellContent($0) }
        case .float: return Self.number(word, as: Float.self).map { .float($0) }
        case .double: return Self.number(word, as: Double.self).map { .floating($0) }
        case .uint128:
            guard let (isNegative, magnitude) = Self.whole(word), !isNegative || magnitude == 0 else { return nil }
            return .unsigned(magnitude)
        default:
            guard let (isNegative, magnitude) = Self.whole(word) else { return nil }
            if !isNegative { return Int128(exactly: magnitude).map { .integer($0) } }
            guard magnitude <= Int128.min.magnitude else { return nil }
            return .integer(0 &- Int128(truncatingIfNeeded: magnitude))
        }
    }

    /// Rounded once, from the text; nil if that would make a finite number infinite.
    private static func number<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ word: String, as type: Number.Type
    ) -> Number? {
        if let (isNegative, magnitude) = prefixed(word) {
            let number = Number(magnitude)
            return number.isFinite ? (isNegative ? -number : number) : nil
        }
        guard let number = Number(word) else { return nil }
        return number.isInfinite && word.utf8.contains { (0x30...0x39).contains($0) } ? nil : number
    }

    /// A whole number, exactly: decimal with fraction and exponent, or with a prefix; nil if it is not whole, or has more
    /// than 128 bits.
    private static func whole(_ word: String) -> (isNegative: Bool, magnitude: UInt128)? {
        prefixed(word) ?? decimal(word)
    }

    /// `0x10`, `0o17`, `0b101`.
    private static func prefixed(_ word: String) -> (isNegative: Bool, magnitude: UInt128)? {
        let (isNegative, rest) = signed(word)
        let digits = rest.dropFirst(2)
        guard let first = digits.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else { return nil }
        let radix: Int
        switch rest.prefix(2).lowercased() {
        case "0x": radix = 16
        case "0o": radix = 8
        case "0b": radix = 2
        default: return nil
        }
        return UInt128(digits, radix: radix).map { (isNegative, $0) }
    }

    /// Moves the decimal point through the digits, so that nothing is rounded.
    private static func decimal(_ word: String) -> (isNegative: Bool, magnitude: UInt128)? {
        let (isNegative, rest) = signed(word)
        let mark = rest.utf8.firstIndex { $0 | 0x20 == UInt8(ascii: "e") } ?? rest.endIndex
        let point = rest[..<mark].utf8.firstIndex(of: UInt8(ascii: ".")) ?? mark
        let fraction = rest[point..<mark].utf8.dropFirst()
        var digits = Array(rest[..<point].utf8) + fraction
        guard point > rest.startIndex, point == mark || !fraction.isEmpty,
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let exponent = mark == rest.endIndex ? 0 : Int32(rest[mark...].dropFirst())
        else { return nil }
        var zeros = Int(exponent) - fraction.count
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            zeros += 1
        }
        if digits.isEmpty { return (isNegative, 0) }
        guard (0...38).contains(zeros) else { return nil }
        digits += [UInt8](repeating: UInt8(ascii: "0"), count: zeros)
        return UInt128(String(decoding: digits, as: UTF8.self)).map { (isNegative, $0) }
    }

    private static func signed(_ word: String) -> (isNegative: Bool, rest: Substring) {
        switch word.utf8.first {
        case UInt8(ascii: "-"): (true, word.dropFirst())
        case UInt8(ascii: "+"): (false, word.dropFirst())
        default: (false, word[...])
        }
    }
}

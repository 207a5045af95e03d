import Cellar

/// A part of a line of JSON that is not decoded yet: what it stands for is said by who knows its type.
struct JSONSlice {
    private let bytes: [UInt8]
    private let range: Range<Int>

    init(_ line: [UInt8]) throws {
        bytes = line
        var scanner = JSONScanner(line, at: 0)
        range = try scanner.value()
        scanner.skipSpace()
        guard scanner.isAtEnd else { throw scanner.bad("something follows the value") }
    }

    private init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        self.range = range
    }

    /// As it stands.
    var raw: String { String(decoding: bytes[range], as: UTF8.self) }
    var isNull: Bool { bytes[range].elementsEqual("null".utf8) }
    var isString: Bool { bytes[range.lowerBound] == UInt8(ascii: "\"") }

    /// What a person would type for it: a string's text, and anything else as it stands.
    func typed() throws -> String { isString ? try string() : raw }

    func string() throws -> String {
        guard isString else { throw ToolError(.badData, "'\(raw.prefix(80))' is no text") }
        let inner = bytes[range.lowerBound + 1..<range.upperBound - 1]
        if !inner.contains(UInt8(ascii: "\\")), let text = String(validating: inner, as: UTF8.self) { return text }
        guard case .text(let text) = try CellContent(json: raw) else {
            throw ToolError(.badData, "'\(raw.prefix(80))' is no text")
        }
        return text
    }

    func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws -> Number {
        guard let number = Number(raw) else {
            throw ToolError(.badData, "'\(raw.prefix(80))' is no whole number from \(Number.min) to \(Number.max)")
        }
        return number
    }

    func boolean() throws -> Bool {
        guard let value = Bool(raw) else { throw ToolError(.badData, "'\(raw.prefix(80))' is neither true nor false") }
        return value
    }

    /// Calls `body` with each element of a list.
    func forEachElement(_ body: (JSONSlice) throws -> Void) throws {
        var scanner = JSONScanner(bytes, at: range.lowerBound)
        try scanner.forEach("[", "]") { scanner in try body(JSONSlice(bytes, try scanner.value())) }
    }

    /// Calls `body` with each member of an object.
    func forEachMember(_ body: (String, JSONSlice) throws -> Void) throws {
        var scanner = JSONScanner(bytes, at: range.lowerBound)
        try scanner.forEach("{", "}") { scanner in
            let name = JSONSlice(bytes, try scanner.value())
            guard name.isString, scanner.take(":") else { throw scanner.bad("a name and ':' are missing") }
            try body(try name.string(), JSONSlice(bytes, try scanner.value()))
        }
    }
}

/// An object of a line, whose members are asked for by name.
struct JSONObject {
    private var members: [String: JSONSlice] = [:]

    init(_ slice: JSONSlice) throws {
        try slice.forEachMember { name, value in
            guard members.updateValue(value, forKey: name) == nil else {
                throw ToolError(.badData, "the member '\(name.prefix(80))' is there twice")
            }
        }
    }

    /// Nil where there is none; `null` is one.
    func optional(_ name: String) -> JSONSlice? { members[name] }

    func required(_ name: String) throws -> JSONSlice {
        guard let member = members[name] else { throw ToolError(.badData, "the member '\(name)' is missing") }
        return member
    }
}

/// Finds where the parts of JSON begin and end. What is in them is checked by who decodes them.
struct JSONScanner {
    private let bytes: [UInt8]
    private var position: Int

    init(_ bytes: [UInt8], at position: Int) {
        self.bytes = bytes
        self.position = position
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    mutating func take(_ symbol: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: symbol) else { return false }
        position += 1
        return true
    }

    /// A list or an object: `part` is to go over one part of it, each time.
    mutating func forEach(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ part: (inout JSONScanner) throws -> Void
    ) throws {
        guard take(open) else { throw bad("'\(open)' is missing") }
        if take(close) { return }
        repeat { try part(&self) } while take(",")
        guard take(close) else { throw bad("'\(close)' is missing") }
    }

    /// Goes over one value.
    mutating func value() throws -> Range<Int> {
        skipSpace()
        let start = position
        guard position < bytes.count else { throw bad("a value is missing") }
        var depth = 0
        repeat {
            guard position < bytes.count else { throw bad("it is cut off") }
            switch bytes[position] {
            case UInt8(ascii: "\""): try skipString()
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                position += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                guard depth > 0 else { throw bad("a value is missing") }
                depth -= 1
                position += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0...0x20:
                guard depth > 0 else { throw bad("a value is missing") }
                position += 1
            default: skipWord()
            }
        } while depth > 0
        return start..<position
    }

    private mutating func skipWord() {
        while position < bytes.count {
            switch bytes[position] {
            case 0...0x20, UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"),
                UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "\""):
                return
            default: position += 1
            }
        }
    }

    private mutating func skipString() throws {
        position += 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"): position += 2
            default: position += 1
            }
        }
        throw bad("a quote is not closed")
    }

    func bad(_ what: String) -> ToolError {
        let shown = String(decoding: bytes.prefix(80), as: UTF8.self) + (bytes.count > 80 ? "…" : "")
        return ToolError(.badData, "'\(shown)' is no JSON: at byte \(min(position, bytes.count)), \(what)")
    }
}

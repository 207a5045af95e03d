/// What the text of a key type says: how a key is read and written without its Swift type.
indirect enum TableKeyShape: Hashable, Sendable {
    case scalar(Schema.Scalar)
    case text(capacity: Int?)
    case bytes
    /// 16 bytes.
    case uuid
    /// Seconds since 2001, as a `Double` sorts.
    case date
    case parts([TableKeyShape])
    /// A type of a program's own: its bytes are all that can be said.
    case opaque

    private static let deepest = 16

    /// The shape that a key type's text says.
    init(parsing text: String) {
        let bytes = Array(text.utf8)
        var position = 0
        if let shape = Self.shape(bytes, &position, 0), position == bytes.count {
            self = shape
        } else {
            self = .opaque
        }
    }

    private static func shape(_ text: [UInt8], _ position: inout Int, _ depth: Int) -> TableKeyShape? {
        guard depth < deepest, position < text.count else { return nil }
        guard text[position] == UInt8(ascii: "(") else { return word(text, &position) }
        position += 1
        var parts: [TableKeyShape] = []
        while let part = shape(text, &position, depth + 1) {
            parts.append(part)
            guard position < text.count else { return nil }
            if text[position] == UInt8(ascii: ")") {
                position += 1
                return .parts(parts)
            }
            guard text[position...].starts(with: [UInt8(ascii: ","), UInt8(ascii: " ")]) else { return nil }
            position += 2
        }
        return nil
    }

    private static func word(_ text: [UInt8], _ position: inout Int) -> TableKeyShape? {
        let end = text[position...].firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ")") } ?? text.count
        let word = String(decoding: text[position..<end], as: UTF8.self)
        position = end
        switch word {
        case "string": return .text(capacity: nil)
        case "bytes": return .bytes
        case "uuid": return .uuid
        case "date": return .date
        default: break
        }
        if word.hasPrefix("string<"), word.hasSuffix(">"), let capacity = Int(word.dropFirst(7).dropLast()) {
            return .text(capacity: capacity)
        }
        guard let scalar = Schema.Scalar(rawValue: word), ![.float16, .int128, .uint128].contains(scalar) else {
            return nil
        }
        return .scalar(scalar)
    }

    /// Whether it has nothing in it that only a program knows.
    var isKnown: Bool { self != .opaque }
}

// MARK: Reading

extension TableKeyShape {
    /// What the bytes of a key mean. Throws `.corruptDatabase` for bytes that are none.
    func content(of bytes: [UInt8]) throws(StoreError) -> TableContent {
        switch self {
        case .opaque, .bytes: return .bytes(bytes)
        default: break
        }
        return try unsafe bytes.span.bytes.withUnsafeBytes { (raw) throws(StoreError) in
            var reader = unsafe KeyReader(raw)
            let content = try content(&reader, isLast: true)
            guard reader.isAtEnd else { throw KeyReader.wrong }
            return .content(content)
        }
    }

    private func content(_ reader: inout KeyReader, isLast: Bool) throws(StoreError) -> CellContent {
        switch self {
        case .scalar(let scalar): return try Self.number(scalar, &reader, isLast)
        case .text(let capacity):
            let text = try String(decoding: &reader, isLast: isLast)
            if let capacity, text.utf8.count > capacity { throw KeyReader.wrong }
            return .text(text)
        case .bytes: return .text(TableHex.text(try reader.nextText(isLast: isLast)))
        case .uuid:
            var bytes: [UInt8] = []
            for _ in 0..<16 { bytes.append(try reader.next()) }
            return .text(InlineUUID.text(of: bytes))
        case .date: return .floating(try Double(decoding: &reader, isLast: isLast))
        case .parts(let parts):
            var contents: [CellContent] = []
            for (index, part) in parts.enumerated() {
                contents.append(try part.content(&reader, isLast: isLast && index == parts.count - 1))
            }
            return .list(contents)
        case .opaque: throw KeyReader.wrong
        }
    }

    private static func number(
        _ scalar: Schema.Scalar, _ reader: inout KeyReader, _ isLast: Bool
    ) throws(StoreError) -> CellContent {
        func integer<Number: FixedWidthInteger & TableKey>(_ type: Number.Type) throws(StoreError) -> CellContent {
            .integer(Int128(try Number(decoding: &reader, isLast: isLast)))
        }
        switch scalar {
        case .int8: return try integer(Int8.self)
        case .int16: return try integer(Int16.self)
        case .int32: return try integer(Int32.self)
        case .int64: return try integer(Int64.self)
        case .uint8: return try integer(UInt8.self)
        case .uint16: return try integer(UInt16.self)
        case .uint32: return try integer(UInt32.self)
        case .uint64: return try integer(UInt64.self)
        case .float: return .float(try Float(decoding: &reader, isLast: isLast))
        case .double: return .floating(try Double(decoding: &reader, isLast: isLast))
        case .bool: return .boolean(try Bool(decoding: &reader, isLast: isLast))
        case .int128, .uint128, .float16: throw KeyReader.wrong
        }
    }
}

// MARK: Writing

extension TableKeyShape {
    /// The bytes of the key that a person typed: of several parts, a list such as `["a", 5]`.
    func bytes(parsing text: String) throws(StoreError) -> [UInt8] {
        switch self {
        case .opaque:
            guard let bytes = TableHex.bytes(text) else { throw Self.wants("bytes in hexadecimal", text) }
            return try Self.written { (writer) throws(StoreError) in writer.append(text: bytes.span, isLast: true) }
        case .parts(let parts):
            guard case .list(let contents) = try CellContent(json: text), contents.count == parts.count else {
                throw Self.wants("a JSON list of its \(parts.count) parts", text)
            }
            return try Self.written { (writer) throws(StoreError) in
                try append(.list(contents), to: &writer, isLast: true)
            }
        default:
            let content = try typed(text)
            return try Self.written { (writer) throws(StoreError) in try append(content, to: &writer, isLast: true) }
        }
    }

    /// What a key of a dictionary sorts by, of which these are the bytes; nil if keys of this type have no order.
    func bytes(sorting native: [UInt8]) throws(StoreError) -> [UInt8]? {
        switch self {
        case .text(capacity: nil), .bytes, .uuid: return native
        case .scalar(let scalar) where ![.int128, .uint128, .float16].contains(scalar):
            return try Self.written { (writer) throws(StoreError) in try Self.append(scalar, native, to: &writer) }
        default: return nil
        }
    }

    /// The bytes that all keys begin with that begin so: a part of a text, or the first parts of several.
    func prefix(parsing text: String) throws(StoreError) -> [UInt8] {
        switch self {
        case .text: return Array(text.utf8)
        case .bytes, .opaque:
            guard let bytes = TableHex.bytes(text) else { throw Self.wants("bytes in hexadecimal", text) }
            return bytes
        case .parts(let parts):
            guard case .list(let contents) = try CellContent(json: text), contents.count < parts.count else {
                throw Self.wants("a JSON list of fewer than its \(parts.count) parts", text)
            }
            return try Self.written { (writer) throws(StoreError) in
                for (part, content) in zip(parts, contents) { try part.append(content, to: &writer, isLast: false) }
            }
        default: throw StoreError(.invalidValue, "keys of this type have no beginnings: give a range")
        }
    }

    private func typed(_ text: String) throws(StoreError) -> CellContent {
        switch self {
        case .scalar(let scalar): return try CellContent(parsing: text, as: Schema(.scalar(scalar)))
        case .date: return try CellContent(parsing: text, as: Schema(.scalar(.double)))
        default: return .text(text)
        }
    }

    private static func written(_ body: (inout KeyWriter) throws(StoreError) -> Void) throws(StoreError) -> [UInt8] {
        try unsafe withUnsafeTemporaryAllocation(byteCount: KeyWriter.maximumCount, alignment: 8) {
            (buffer) throws(StoreError) in
            var writer = unsafe KeyWriter(buffer.baseAddress!)
            try body(&writer)
            guard (1...KeyWriter.maximumCount).contains(writer.count) else {
                throw StoreError(
                    .invalidValue, "a key has 1 to \(KeyWriter.maximumCount) bytes, and this one has \(writer.count)")
            }
            return unsafe [UInt8](buffer[..<writer.count])
        }
    }

    private func append(_ content: CellContent, to writer: inout KeyWriter, isLast: Bool) throws(StoreError) {
        switch (self, content) {
        case (.scalar(let scalar), _):
            let schema = Schema(.scalar(scalar))
            try Self.append(scalar, try schema.bytes(of: content), to: &writer)
        case (.date, _): try Self.append(.double, try Schema(.scalar(.double)).bytes(of: content), to: &writer)
        case (.text(let capacity), .text(let text)):
            guard capacity.map({ text.utf8.count <= $0 }) ?? true else {
                throw Self.wants("text of at most \(capacity ?? 0) bytes", text)
            }
            text.encode(into: &writer, isLast: isLast)
        case (.bytes, .text(let text)):
            guard let bytes = TableHex.bytes(text) else { throw Self.wants("bytes in hexadecimal", text) }
            bytes.encode(into: &writer, isLast: isLast)
        case (.uuid, .text(let text)):
            guard let bytes = InlineUUID.bytes(parsing: text) else { throw Self.wants("a UUID", text) }
            for byte in bytes { writer.append(byte) }
        case (.parts(let parts), .list(let contents)) where parts.count == contents.count:
            for (index, (part, content)) in zip(parts, contents).enumerated() {
                try part.append(content, to: &writer, isLast: isLast && index == parts.count - 1)
            }
        default: throw Self.wants("something else", content.description)
        }
    }

    /// A number's own bytes, turned into those that sort.
    private static func append(_ scalar: Schema.Scalar, _ bytes: [UInt8], to writer: inout KeyWriter) throws(StoreError)
    {
        let bits = bytes.reversed().reduce(into: UInt64(0)) { $0 = $0 << 8 | UInt64($1) }
        switch scalar {
        case .int8: Int8(truncatingIfNeeded: bits).encode(into: &writer, isLast: true)
        case .int16: Int16(truncatingIfNeeded: bits).encode(into: &writer, isLast: true)
        case .int32: Int32(truncatingIfNeeded: bits).encode(into: &writer, isLast: true)
        case .int64: Int64(truncatingIfNeeded: bits).encode(into: &writer, isLast: true)
        case .uint8: UInt8(truncatingIfNeeded: bits).encode(into: &writer, isLast: true)
        case .uint16: UInt16(truncatingIfNeeded: bits).encode(into: &writer, isLast: true)
        case .uint32: UInt32(truncatingIfNeeded: bits).encode(into: &writer, isLast: true)
        case .uint64: bits.encode(into: &writer, isLast: true)
        case .float: Float(bitPattern: UInt32(truncatingIfNeeded: bits)).encode(into: &writer, isLast: true)
        case .double: Double(bitPattern: bits).encode(into: &writer, isLast: true)
        case .bool: (bits != 0).encode(into: &writer, isLast: true)
        case .int128, .uint128, .float16: throw KeyReader.wrong
        }
    }

    private static func wants(_ wanted: String, _ found: String) -> StoreError {
        StoreError(.invalidValue, "'\(found.prefix(80))' is no key of the table's type, which takes \(wanted)")
    }
}

/// What the text of a value type says: how a value is read and written without its Swift type.
enum TableValueShape: Hashable, Sendable {
    case text, bytes, json
    case plain(Schema)
    /// Of a multimap.
    case key(TableKeyShape)
    /// Of a program's own codec.
    case opaque

    init(parsing text: String, kind: TableInfo.Kind) {
        switch (kind, text) {
        case (.multimap, _): self = .key(TableKeyShape(parsing: text))
        case (_, "string"): self = .text
        case (_, "bytes"): self = .bytes
        case (_, "json"): self = .json
        default: self = (try? Schema(parsing: text)).map { .plain($0) } ?? .opaque
        }
    }

    /// Whether a person can write values of it.
    var isKnown: Bool {
        if case .key(let shape) = self { return shape.isKnown }
        return self != .opaque
    }

    /// What the bytes mean. Throws `.corruptDatabase` for bytes that are no value.
    func content(of bytes: [UInt8]) throws(StoreError) -> TableContent {
        switch self {
        case .bytes, .opaque: return .bytes(bytes)
        case .key(let shape): return try shape.content(of: bytes)
        case .text: return .content(.text(try Self.text(bytes)))
        case .json:
            let text = try Self.text(bytes)
            guard Self.isJSON(text) else {
                throw StoreError(.corruptDatabase, "a value in a table is no JSON: the database is damaged")
            }
            return .json(text)
        case .plain(let schema):
            guard bytes.count == schema.size else { throw ValueCodec<Int>.wrongSize(bytes.count, schema.size) }
            try unsafe bytes.span.bytes.withUnsafeBytes { (raw) throws(StoreError) in try unsafe schema.check(raw) }
            return .content(try schema.content(of: bytes))
        }
    }

    /// The bytes of what a person typed; of a struct only some fields may be given, the others stay as in `old`.
    func bytes(parsing text: String, over old: [UInt8]? = nil) throws(StoreError) -> [UInt8] {
        switch self {
        case .text: return Array(text.utf8)
        case .key(let shape): return try shape.bytes(parsing: text)
        case .bytes, .opaque:
            guard let bytes = TableHex.bytes(text) else {
                throw StoreError(
                    .invalidValue, "the values are bytes, to be given in hexadecimal, and not '\(text.prefix(80))'")
            }
            return bytes
        case .json:
            guard Self.isJSON(text) else { throw StoreError(.invalidValue, "'\(text.prefix(80))' is no JSON") }
            return Array(text.utf8)
        case .plain(let schema): return try schema.bytes(of: CellContent(parsing: text, as: schema), over: old)
        }
    }

    private static func text(_ bytes: [UInt8]) throws(StoreError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw StoreError(.corruptDatabase, "a value in a table is no text: the database is damaged")
        }
        return text
    }

    private static func isJSON(_ text: String) -> Bool {
        var reader = ContentTextReader(text, isRelaxed: false)
        return (try? reader.whole()) != nil
    }
}

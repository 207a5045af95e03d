/// A type whose values a table can hold by their bytes: text and bytes of any length. (Plain types, which cells can hold,
/// need nothing: their schema says it all.)
public protocol TableValue: Sendable {
    /// What the store keeps of the type, and checks when the table is opened.
    static var valueType: String { get }
    /// Calls `body` with the value's bytes.
    func withValueBytes(_ body: (Span<UInt8>) throws(StoreError) -> Void) throws(StoreError)
    /// Throws `.corruptDatabase` for bytes that are no value.
    init(valueBytes: RawSpan) throws(StoreError)
}

extension String: TableValue {
    public static var valueType: String { "string" }
    public func withValueBytes(_ body: (Span<UInt8>) throws(StoreError) -> Void) throws(StoreError) {
        try body(utf8.span)
    }
    public init(valueBytes: RawSpan) throws(StoreError) {
        guard let text = String(validating: valueBytes.copiedBytes, as: UTF8.self) else {
            throw StoreError(.corruptDatabase, "a value in a table is no text: the database is damaged")
        }
        self = text
    }
}

extension [UInt8]: TableValue {
    public static var valueType: String { "bytes" }
    public func withValueBytes(_ body: (Span<UInt8>) throws(StoreError) -> Void) throws(StoreError) { try body(span) }
    public init(valueBytes: RawSpan) throws(StoreError) { self = valueBytes.copiedBytes }
}

/// How a table turns its values into bytes and back.
struct ValueCodec<Value: Sendable>: Sendable {
    let type: String
    let encode: @Sendable (Value, (Span<UInt8>) throws(StoreError) -> Void) throws(StoreError) -> Void
    let decode: @Sendable (RawSpan) throws(StoreError) -> Value
}

extension ValueCodec where Value: TableValue {
    static var bytes: ValueCodec {
        ValueCodec(
            type: Value.valueType,
            encode: { (value, body) throws(StoreError) in try value.withValueBytes(body) },
            decode: { (bytes) throws(StoreError) in try Value(valueBytes: bytes) })
    }
}

extension ValueCodec where Value: BitwiseCopyable {
    /// The value's own bytes, checked against its schema when they come back.
    static func plain() throws(StoreError) -> ValueCodec {
        let schema = try Schema.of(Value.self)
        return ValueCodec(
            type: schema.description,
            encode: { (value, body) throws(StoreError) in
                try unsafe withUnsafeBytes(of: value) { (raw) throws(StoreError) in
                    let bytes = unsafe raw.bindMemory(to: UInt8.self)
                    try body(unsafe bytes.span.extracting(0..<schema.size))
                }
            },
            decode: { (bytes) throws(StoreError) in
                guard bytes.byteCount == schema.size else {
                    throw StoreError(
                        .corruptDatabase,
                        "a value in a table has \(bytes.byteCount) bytes and not \(schema.size): the database is damaged"
                    )
                }
                return try unsafe bytes.withUnsafeBytes { (raw) throws(StoreError) in
                    try unsafe schema.check(raw)
                    return unsafe raw.loadUnaligned(as: Value.self)
                }
            })
    }
}

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
        guard let text = unsafe valueBytes.withUnsafeBytes({ unsafe String(validating: $0, as: UTF8.self) }) else {
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

/// How a table turns its values into bytes and back. Made where the types are known.
///
/// A class, so that handing it on counts one reference.
@usableFromInline @safe
final class ValueCodec<Value: Sendable>: Sendable {
    @usableFromInline let type: String
    @usableFromInline
    let encode: @Sendable (Value, (UnsafeRawBufferPointer) throws(StoreError) -> Void) throws(StoreError) -> Void
    @usableFromInline
    let decodeSlowly: @Sendable (UnsafeRawBufferPointer) throws(StoreError) -> Value
    /// Of a plain type of which any bytes are a value: how many there are. Else -1.
    @usableFromInline let plainCount: Int

    @inlinable
    init(
        type: String, plainCount: Int = -1,
        encode:
            @escaping @Sendable (Value, (UnsafeRawBufferPointer) throws(StoreError) -> Void) throws(StoreError) -> Void,
        decode: @escaping @Sendable (UnsafeRawBufferPointer) throws(StoreError) -> Value
    ) {
        self.type = type
        unsafe self.encode = unsafe encode
        unsafe decodeSlowly = unsafe decode
        self.plainCount = plainCount
    }

    /// The value that these bytes are.
    @inlinable @inline(__always) @unsafe
    func decode(_ bytes: UnsafeRawBufferPointer) throws(StoreError) -> Value {
        if let value = unsafe Self.plain(bytes, plainCount) { return value }
        return try unsafe decodeSlowly(bytes)
    }

    /// The value that these bytes are, copied; nil if there are not `count` of them.
    @inlinable @inline(__always) @unsafe
    static func plain(_ bytes: UnsafeRawBufferPointer, _ count: Int) -> Value? {
        guard bytes.count == count, let start = bytes.baseAddress else { return nil }
        return unsafe withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { place in
            let place = unsafe place.baseAddress.unsafelyUnwrapped
            // No crash point: memory of this process alone.
            unsafe UnsafeMutableRawPointer(place).copyMemory(from: start, byteCount: MemoryLayout<Value>.size)
            return unsafe place.move()
        }
    }
}

extension ValueCodec where Value: TableValue {
    @inlinable static var bytes: ValueCodec {
        unsafe ValueCodec(
            type: Value.valueType,
            encode: { (value, body) throws(StoreError) in
                try value.withValueBytes { (span) throws(StoreError) in
                    try unsafe span.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe body(bytes) }
                }
            },
            decode: { (bytes) throws(StoreError) in try Value(valueBytes: unsafe bytes.bytes) })
    }
}

extension ValueCodec where Value: BitwiseCopyable {
    /// The value's own bytes, checked against its schema when they come back.
    @inlinable static func plain() throws(StoreError) -> ValueCodec {
        let schema = try Schema.of(Value.self)
        let checked = schema.acceptsAllBits ? nil : schema
        return unsafe ValueCodec(
            type: schema.description, plainCount: checked == nil ? MemoryLayout<Value>.size : -1,
            encode: { (value, body) throws(StoreError) in
                try unsafe withUnsafeBytes(of: value) { (raw) throws(StoreError) in
                    try unsafe body(UnsafeRawBufferPointer(rebasing: raw[..<MemoryLayout<Value>.size]))
                }
            },
            decode: { (raw) throws(StoreError) in
                guard raw.count == MemoryLayout<Value>.size else {
                    throw wrongSize(raw.count, MemoryLayout<Value>.size)
                }
                if let checked { try unsafe checked.check(raw) }
                return unsafe raw.loadUnaligned(as: Value.self)
            })
    }

    @usableFromInline
    static func wrongSize(_ found: Int, _ wanted: Int) -> StoreError {
        StoreError(
            .corruptDatabase, "a value in a table has \(found) bytes and not \(wanted): the database is damaged")
    }
}

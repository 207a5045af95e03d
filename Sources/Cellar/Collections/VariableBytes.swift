/// Text and bytes of any length, as keys and values of dictionaries.
public protocol VariableBytes: Hashable, Sendable {
    /// `.text` or `.bytes`.
    static var entryType: EntryType { get }
}

extension String: VariableBytes {
    public static var entryType: EntryType { .text }
}

extension [UInt8]: VariableBytes {
    public static var entryType: EntryType { .bytes }
}

/// Turns keys and values into bytes and back. Which of the ways it is follows from the type, and so costs nothing where the
/// type is known when the program is built.
@usableFromInline
enum EntryCodec {
    /// Calls `body` with the bytes of a key or a value.
    @inlinable @inline(__always)
    static func withBytes<Value, Result>(
        of value: Value, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        if Value.self == String.self {
            let text = value as! String
            return try unsafe text.utf8.span.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe body(bytes) }
        }
        if Value.self == [UInt8].self {
            let bytes = value as! [UInt8]
            return try unsafe bytes.span.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe body(bytes) }
        }
        return try unsafe withUnsafeBytes(of: value) { (bytes) throws(StoreError) in
            try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[..<MemoryLayout<Value>.size]))
        }
    }

    /// A copy of the bytes of a key or a value.
    @inlinable
    static func bytes<Value>(of value: Value) throws(StoreError) -> [UInt8] {
        try unsafe withBytes(of: value) { (bytes) throws(StoreError) in unsafe [UInt8](bytes) }
    }

    /// The value that the bytes are. Throws `.invalidValue` where they are none.
    @inlinable
    static func value<Value>(_ type: Value.Type, _ bytes: [UInt8], _ checked: Schema?) throws(StoreError) -> Value {
        if type == String.self {
            guard let text = String(validating: bytes, as: UTF8.self) else { throw noText }
            return text as! Value
        }
        if type == [UInt8].self { return bytes as! Value }
        guard bytes.count == MemoryLayout<Value>.size else { throw wrongSize(bytes.count, MemoryLayout<Value>.size) }
        return unsafe try bytes.span.withUnsafeBytes { (raw) throws(StoreError) in
            if let checked { try unsafe checked.check(raw) }
            return unsafe raw.loadUnaligned(fromByteOffset: 0, as: Value.self)
        }
    }

    /// Whether values are kept as their own bytes.
    @inlinable @inline(__always)
    static func isPlain<Value>(_ type: Value.Type) -> Bool { type != String.self && type != [UInt8].self }

    @usableFromInline
    static var noText: StoreError {
        StoreError(.corruptSegment, "a text in a dictionary is none: memory or disk is damaged")
    }

    @usableFromInline
    static func wrongSize(_ found: Int, _ wanted: Int) -> StoreError {
        StoreError(
            .corruptSegment, "an entry of a dictionary has \(found) bytes and not \(wanted): memory or disk is damaged")
    }
}

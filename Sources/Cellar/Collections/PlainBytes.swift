/// A type of another module that is nothing but plain bytes, which its module does not promise (`BitwiseCopyable`): so that it
/// can be a key or a value of dictionaries. `CellarFoundation` makes `UUID` and `Date` so.
///
/// Its values must have in memory the bytes of `Plain`, and equal ones equal bytes if they are keys. A dictionary checks that
/// with a sample when it is opened.
public protocol PlainBytes: Sendable {
    /// What the bytes are; every bit pattern is one.
    associatedtype Plain: BitwiseCopyable & Sendable
    /// The value as it is put in cells.
    init(plain: Plain)
}

extension EntryType {
    /// As what such values are kept. Throws `.unsupportedType` if the type is not what it promises to be.
    @usableFromInline
    static func of<Value: PlainBytes>(_ type: Value.Type) throws(StoreError) -> EntryType {
        let schema = try Schema.of(Value.Plain.self)
        guard schema.acceptsAllBits, MemoryLayout<Value>.size == schema.size,
            MemoryLayout<Value>.stride == schema.stride, MemoryLayout<Value>.alignment == schema.alignment,
            _isPOD(type), keepsBytes(type)
        else {
            throw StoreError(
                .unsupportedType, "'\(type)' does not lie in memory as '\(Value.Plain.self)' does, as it says it would")
        }
        return .plain(schema)
    }

    /// Whether a value made of telling bytes has these.
    private static func keepsBytes<Value: PlainBytes>(_ type: Value.Type) -> Bool {
        let pattern = (0..<MemoryLayout<Value>.size).map { UInt8(truncatingIfNeeded: $0 * 11 + 1) & 0x3F }
        let value = Value(plain: unsafe pattern.withUnsafeBytes { unsafe $0.loadUnaligned(as: Value.Plain.self) })
        return unsafe withUnsafeBytes(of: value) { unsafe $0.elementsEqual(pattern) }
    }
}

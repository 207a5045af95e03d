/// A type whose values can be keys of a table. The bytes of a key sort, byte by byte, as a person expects of the values:
/// numbers by size, text by its UTF-8 bytes, composite keys part by part.
///
/// The integers, `Float`, `Double`, `Bool`, `String`, `[UInt8]`, `InlineString` and `CompositeKey` are. A key has at most
/// 511 bytes, and at least one. Texts are told apart by their bytes, not by how they look.
public protocol TableKey: Hashable, Sendable {
    /// What the store keeps of the type, and checks when the table is opened.
    static var keyType: String { get }
    /// Appends the key's bytes. `isLast`: nothing comes behind it, so they need not tell where they end.
    func encode(into key: inout KeyBytes, isLast: Bool)
    /// Takes the key's bytes off the front. Throws `.corruptDatabase` for bytes that `encode` does not write.
    init(decoding key: inout KeyBytes, isLast: Bool) throws(StoreError)
}

/// The bytes of one key: a buffer of the largest size there can be, without a heap.
public struct KeyBytes: Sendable {
    /// LMDB's limit.
    public static let maximumCount = 511

    private var bytes: InlineArray<512, UInt8>
    private var start = 0
    /// How many bytes were appended; more than there is room for if the key is too long.
    private(set) var count = 0

    init() { bytes = InlineArray(repeating: 0) }

    init(_ raw: RawSpan) {
        self.init()
        for index in 0..<raw.byteCount { append(unsafe raw.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self)) }
    }

    // MARK: Encoding

    /// Appends a byte. What does not fit is counted, and refused when the key is used.
    public mutating func append(_ byte: UInt8) {
        if count < Self.maximumCount { bytes[count] = byte }
        count += 1
    }

    /// Appends the number's bytes, high byte first.
    public mutating func append<Number: FixedWidthInteger & UnsignedInteger>(bigEndian number: Number) {
        var shift = Number.bitWidth - 8
        while shift >= 0 {
            append(UInt8(truncatingIfNeeded: number >> Number(shift)))
            shift -= 8
        }
    }

    /// Appends bytes of any length. If something comes behind them, zeros are followed by 255, and two zeros end them: so a
    /// shorter text is before a longer one that begins with it, whatever comes next.
    public mutating func append(text: some Sequence<UInt8>, isLast: Bool) {
        for byte in text {
            append(byte)
            if byte == 0, !isLast { append(255) }
        }
        if isLast { return }
        append(0)
        append(0)
    }

    // MARK: Decoding

    /// Takes the next byte.
    public mutating func next() throws(StoreError) -> UInt8 {
        guard start < min(count, Self.maximumCount) else { throw Self.wrong }
        start += 1
        return bytes[start - 1]
    }

    /// Takes a number, high byte first.
    public mutating func nextBigEndian<Number: FixedWidthInteger & UnsignedInteger>(
        _ type: Number.Type = Number.self
    ) throws(StoreError) -> Number {
        var number: Number = 0
        for _ in 0..<Number.bitWidth / 8 { number = number << 8 | Number(try next()) }
        return number
    }

    /// Takes what `append(text:isLast:)` appended.
    public mutating func nextText(isLast: Bool) throws(StoreError) -> [UInt8] {
        var text: [UInt8] = []
        while !isLast || !isAtEnd {
            let byte = try next()
            if byte == 0, !isLast {
                let following = try next()
                if following == 0 { break }
                guard following == 255 else { throw Self.wrong }
            }
            text.append(byte)
        }
        return text
    }

    /// Whether all was taken.
    public var isAtEnd: Bool { start >= count }

    /// For bytes that are no key of the type.
    public static var wrong: StoreError {
        StoreError(.corruptDatabase, "a key in a table is none of the table's type: the database is damaged")
    }

    // MARK: Use

    /// Calls `body` with the bytes, if there can be a key of so many.
    func use<Result>(_ body: (Span<UInt8>) throws(StoreError) -> Result) throws(StoreError) -> Result {
        guard count > 0 else {
            throw StoreError(.invalidValue, "a table's key has at least one byte, and this one has none")
        }
        guard count <= Self.maximumCount else {
            throw StoreError(
                .invalidValue, "a table's key has at most \(Self.maximumCount) bytes, and this one has \(count)")
        }
        return try body(bytes.span.extracting(0..<count))
    }

    /// The bytes, for comparing.
    var array: [UInt8] { (0..<min(count, Self.maximumCount)).map { bytes[$0] } }
}

extension TableKey {
    /// The key's bytes, alone.
    var keyBytes: KeyBytes {
        var key = KeyBytes()
        encode(into: &key, isLast: true)
        return key
    }

    init(_ raw: RawSpan) throws(StoreError) {
        guard raw.byteCount <= KeyBytes.maximumCount else { throw KeyBytes.wrong }
        var key = KeyBytes(raw)
        try self.init(decoding: &key, isLast: true)
        guard key.isAtEnd else { throw KeyBytes.wrong }
    }
}

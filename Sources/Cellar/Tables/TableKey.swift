/// A type whose values can be keys of a table. The bytes of a key sort, byte by byte, as a person expects of the values:
/// numbers by size, text by its UTF-8 bytes, composite keys part by part.
///
/// The integers, `Float`, `Double`, `Bool`, `String`, `[UInt8]` and `CompositeKey` are. A key has at most 511 bytes, and at
/// least one. Texts are told apart by their bytes, not by how they look.
public protocol TableKey: Hashable, Sendable {
    /// What the store keeps of the type, and checks when the table is opened.
    static var keyType: String { get }
    /// Appends the key's bytes. `isLast`: nothing comes behind it, so they need not tell where they end.
    func encode(into key: inout KeyWriter, isLast: Bool)
    /// Takes the key's bytes off the front. Throws `.corruptDatabase` for bytes that `encode` does not write.
    init(decoding key: inout KeyReader, isLast: Bool) throws(StoreError)
}

extension TableKey {
    /// Calls `body` with the key's bytes, if there can be a key of so many; with nil otherwise.
    @inlinable @unsafe
    func withKeyBytes<Result>(
        _ body: (UnsafeRawBufferPointer?, _ count: Int) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try unsafe withUnsafeTemporaryAllocation(byteCount: KeyWriter.maximumCount, alignment: 8) {
            (buffer) throws(StoreError) in
            var writer = unsafe KeyWriter(buffer.baseAddress.unsafelyUnwrapped)
            encode(into: &writer, isLast: true)
            let count = writer.count
            guard count > 0, count <= KeyWriter.maximumCount else { return try body(nil, count) }
            return try unsafe body(UnsafeRawBufferPointer(rebasing: buffer[..<count]), count)
        }
    }

    /// The key's bytes, as many as fit, in an array of their own.
    var keyBytes: [UInt8] {
        do throws(StoreError) {
            return try unsafe withKeyBytes { (bytes, _) throws(StoreError) in
                unsafe bytes.map { unsafe [UInt8]($0) } ?? []
            }
        } catch { return [] }
    }

    /// The key that these bytes are.
    @inlinable @unsafe
    init(keyBytes: UnsafeRawBufferPointer) throws(StoreError) {
        var reader = unsafe KeyReader(keyBytes)
        try self.init(decoding: &reader, isLast: true)
        guard reader.isAtEnd else { throw KeyReader.wrong }
    }
}

/// Takes up the bytes of one key.
@safe
public struct KeyWriter: ~Copyable {
    /// LMDB's limit.
    public static var maximumCount: Int { @inlinable get { 511 } }

    @usableFromInline let bytes: UnsafeMutableRawPointer
    /// How many bytes were appended; more than there is room for if the key is too long.
    @usableFromInline var count = 0

    @inlinable @unsafe
    init(_ bytes: UnsafeMutableRawPointer) { unsafe self.bytes = unsafe bytes }

    /// Appends a byte. What does not fit is counted, and refused when the key is used.
    @inlinable
    public mutating func append(_ byte: UInt8) {
        if count < Self.maximumCount { unsafe bytes.storeBytes(of: byte, toByteOffset: count, as: UInt8.self) }
        count &+= 1
    }

    /// Appends the number's bytes, high byte first.
    @inlinable
    public mutating func append<Number: FixedWidthInteger & UnsignedInteger>(bigEndian number: Number) {
        var shift = Number.bitWidth &- 8
        while shift >= 0 {
            append(UInt8(truncatingIfNeeded: number &>> Number(truncatingIfNeeded: shift)))
            shift &-= 8
        }
    }

    /// Appends bytes of any length. If something comes behind them, zeros are followed by 255, and two zeros end them: so a
    /// shorter text is before a longer one that begins with it, whatever comes next.
    @inlinable
    public mutating func append(text: Span<UInt8>, isLast: Bool) {
        // No crash point: memory of this process alone.
        if isLast {
            let kept = min(text.count, max(Self.maximumCount &- count, 0))
            unsafe text.withUnsafeBytes { source in
                guard kept > 0, let base = source.baseAddress else { return }
                unsafe (bytes + count).copyMemory(from: base, byteCount: kept)
            }
            count &+= text.count
            return
        }
        for index in text.indices {
            append(text[index])
            if text[index] == 0 { append(255) }
        }
        append(0)
        append(0)
    }
}

/// Gives the bytes of one key, which lie in the database.
@safe
public struct KeyReader: ~Copyable {
    private let bytes: UnsafeRawBufferPointer
    private var start = 0

    @unsafe @usableFromInline
    init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = unsafe bytes }

    /// Takes the next byte.
    public mutating func next() throws(StoreError) -> UInt8 {
        guard unsafe start < bytes.count else { throw Self.wrong }
        start += 1
        return unsafe bytes[start - 1]
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
        if isLast {
            defer { start = unsafe bytes.count }
            return unsafe [UInt8](bytes[start...])
        }
        var text: [UInt8] = []
        while true {
            let byte = try next()
            if byte == 0 {
                let following = try next()
                if following == 0 { return text }
                guard following == 255 else { throw Self.wrong }
            }
            text.append(byte)
        }
    }

    /// The same as a string; nil if it is none.
    mutating func nextString(isLast: Bool) throws(StoreError) -> String? {
        guard isLast else { return String(validating: try nextText(isLast: false), as: UTF8.self) }
        defer { start = unsafe bytes.count }
        return unsafe String(validating: bytes[start...], as: UTF8.self)
    }

    /// Whether all was taken.
    public var isAtEnd: Bool { unsafe start >= bytes.count }

    /// For bytes that are no key of the type.
    public static var wrong: StoreError {
        StoreError(.corruptDatabase, "a key in a table is none of the table's type: the database is damaged")
    }
}

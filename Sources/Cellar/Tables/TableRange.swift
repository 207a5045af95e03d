/// Keys from one to another, as their bytes sort.
public struct TableRange<Key: TableKey>: Sendable {
    /// The first bytes that are in it; empty for the first of all.
    @usableFromInline let lower: [UInt8]
    /// The first bytes that are no longer in it; nil for the end of all.
    @usableFromInline let upper: [UInt8]?

    /// Every key.
    public static var all: TableRange { TableRange(lower: [], upper: nil) }

    init(lower: [UInt8], upper: [UInt8]?) {
        self.lower = lower
        self.upper = upper
    }

    /// From the key on, it included.
    public static func from(_ key: Key) -> TableRange { TableRange(lower: key.keyBytes, upper: nil) }

    /// Up to the key, it not included.
    public static func upTo(_ key: Key) -> TableRange { TableRange(lower: [], upper: key.keyBytes) }

    /// From one key up to another, that one not included.
    public static func range(_ lower: Key, upTo upper: Key) -> TableRange {
        TableRange(lower: lower.keyBytes, upper: upper.keyBytes)
    }

    /// From one key through another, that one included.
    public static func range(_ lower: Key, through upper: Key) -> TableRange {
        // The next bytes there can be are the same with a zero behind them.
        TableRange(lower: lower.keyBytes, upper: upper.keyBytes + [0])
    }

    /// Bytes that begin so.
    private static func beginning(_ bytes: [UInt8]) -> TableRange {
        // The first bytes that no longer begin so: the last byte that can be raised is, and what follows it goes.
        guard let last = bytes.lastIndex(where: { $0 < 255 }) else { return TableRange(lower: bytes, upper: nil) }
        return TableRange(lower: bytes, upper: bytes[..<last] + [bytes[last] + 1])
    }
}

extension TableRange where Key == String {
    /// Keys that begin with the text.
    public static func prefix(_ text: String) -> TableRange { beginning(Array(text.utf8)) }
}

extension TableRange where Key == [UInt8] {
    /// Keys that begin with the bytes.
    public static func prefix(_ bytes: [UInt8]) -> TableRange { beginning(bytes) }
}

extension TableRange {
    /// Composite keys with this first part.
    public static func prefix<First, Second>(_ first: First) -> TableRange where Key == CompositeKey<First, Second> {
        beginning { $0.append(first) }
    }

    /// Keys of several parts with this first one.
    public static func prefix<First, Second, each Rest>(_ first: First) -> TableRange
    where Key == KeyTuple<First, Second, repeat each Rest> {
        beginning { $0.append(first) }
    }

    /// Keys of several parts with these first two.
    public static func prefix<First, Second, Third, each Rest>(_ first: First, _ second: Second) -> TableRange
    where Key == KeyTuple<First, Second, Third, repeat each Rest> {
        beginning {
            $0.append(first)
            $0.append(second)
        }
    }

    /// Bytes that begin with what `write` appends, of which something follows.
    private static func beginning(_ write: (inout KeyWriter) -> Void) -> TableRange {
        let bytes = unsafe withUnsafeTemporaryAllocation(byteCount: KeyWriter.maximumCount, alignment: 8) { buffer in
            var writer = unsafe KeyWriter(buffer.baseAddress!)
            write(&writer)
            return unsafe [UInt8](buffer[..<min(writer.count, KeyWriter.maximumCount)])
        }
        return beginning(bytes)
    }
}

extension KeyWriter {
    /// Appends a part that is not the last.
    fileprivate mutating func append(_ part: some TableKey) { part.encode(into: &self, isLast: false) }
}

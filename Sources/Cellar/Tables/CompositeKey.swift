/// A key of two parts: sorted by the first, and by the second where the first are the same. For more parts, `KeyTuple`.
public struct CompositeKey<First: TableKey, Second: TableKey>: TableKey {
    /// What sorts first.
    public var first: First
    /// What sorts where the first parts are equal.
    public var second: Second

    /// A key of two parts.
    public init(_ first: First, _ second: Second) {
        self.first = first
        self.second = second
    }

    public static var keyType: String { "(\(First.keyType), \(Second.keyType))" }

    @inlinable
    public func encode(into key: inout KeyWriter, isLast: Bool) {
        first.encode(into: &key, isLast: false)
        second.encode(into: &key, isLast: isLast)
    }

    public init(decoding key: inout KeyReader, isLast: Bool) throws(StoreError) {
        first = try First(decoding: &key, isLast: false)
        second = try Second(decoding: &key, isLast: isLast)
    }
}

/// A key of any number of parts, sorted by the first, then the second, and so on: `KeyTuple<String, Int, Date>`.
///
/// Its bytes are those of its parts, as `CompositeKey` has them: of two parts, both are the same key.
public struct KeyTuple<each Part: TableKey>: TableKey {
    /// In the order in which they sort.
    public var parts: (repeat each Part)

    /// A key of these parts.
    public init(_ parts: repeat each Part) { self.parts = (repeat each parts) }

    public static var keyType: String {
        var types: [String] = []
        repeat types.append((each Part).keyType)
        return "(\(types.joined(separator: ", ")))"
    }

    private static var count: Int {
        var count = 0
        for _ in repeat (each Part).self { count += 1 }
        return count
    }

    public func encode(into key: inout KeyWriter, isLast: Bool) {
        var rest = Self.count
        for part in repeat each parts {
            rest -= 1
            part.encode(into: &key, isLast: isLast && rest == 0)
        }
    }

    public init(decoding key: inout KeyReader, isLast: Bool) throws(StoreError) {
        var rest = Self.count
        parts = (repeat try Self.next((each Part).self, &key, &rest, isLast))
    }

    private static func next<Key: TableKey>(
        _ type: Key.Type, _ key: inout KeyReader, _ rest: inout Int, _ isLast: Bool
    ) throws(StoreError) -> Key {
        rest -= 1
        return try Key(decoding: &key, isLast: isLast && rest == 0)
    }

    public static func == (left: KeyTuple, right: KeyTuple) -> Bool {
        for (left, right) in repeat (each left.parts, each right.parts) {
            if left != right { return false }
        }
        return true
    }

    public func hash(into hasher: inout Hasher) {
        for part in repeat each parts { hasher.combine(part) }
    }
}

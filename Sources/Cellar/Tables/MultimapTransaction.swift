/// A multimap as of one moment, for as long as `SharedMultimap.read` runs. It must not leave the closure it is lent to.
public struct MultimapSnapshot<Key: TableKey, Value: TableKey>: ~Copyable {
    let access: TableAccess

    init(_ access: consuming TableAccess) { self.access = access }

    /// The values of the key, in order. O(log n + values).
    public func values(for key: Key) throws(StoreError) -> [Value] {
        var found: [Value] = []
        let range = TableRange.range(key, through: key)
        var cursor = try access.cursor(from: range.lower, upTo: range.upper, reversed: false)
        defer { cursor.close() }
        while cursor.advance() { found.append(try unsafe Value(keyBytes: cursor.value.bytes)) }
        try cursor.check()
        return found
    }

    /// How many values the key has. O(log n).
    public func count(for key: Key) throws(StoreError) -> Int {
        try unsafe key.withKeyBytes { (key, _) throws(StoreError) in try unsafe access.valueCount(of: key) }
    }

    /// Whether the value is one of the key's. O(log n).
    public func contains(_ value: Value, for key: Key) throws(StoreError) -> Bool {
        try unsafe key.withKeyBytes { (key, _) throws(StoreError) in
            try unsafe value.withKeyBytes { (value, _) throws(StoreError) in try unsafe access.has(value, for: key) }
        }
    }

    /// Calls `body` with each key of the range and each of its values, in order, until it returns false.
    public func forEach(
        in range: TableRange<Key> = .all, reversed: Bool = false,
        _ body: (Key, Value) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var cursor = try access.cursor(from: range.lower, upTo: range.upper, reversed: reversed)
        defer { cursor.close() }
        while cursor.advance() {
            let key = try unsafe Key(keyBytes: cursor.key.bytes)
            guard try body(key, try unsafe Value(keyBytes: cursor.value.bytes)) else { return }
        }
        try cursor.check()
    }
}

/// Changes to a multimap that are made together, or not at all, while `SharedMultimap.write` runs. It must not leave the
/// closure it is lent to.
public struct MultimapBatch<Key: TableKey, Value: TableKey>: ~Copyable {
    let access: TableAccess

    init(_ access: consuming TableAccess) { self.access = access }

    /// Whether the value is one of the key's, with the changes made so far.
    public func contains(_ value: Value, for key: Key) throws(StoreError) -> Bool {
        try MultimapSnapshot<Key, Value>(access.lent()).contains(value, for: key)
    }

    /// The values of the key, with the changes made so far.
    public func values(for key: Key) throws(StoreError) -> [Value] {
        try MultimapSnapshot<Key, Value>(access.lent()).values(for: key)
    }

    /// Adds the value to those of the key; false if it is there already.
    @discardableResult
    public func insert(_ value: Value, for key: Key) throws(StoreError) -> Bool {
        try unsafe key.withKeyBytes { (key, _) throws(StoreError) in
            try unsafe value.withKeyBytes { (value, _) throws(StoreError) in try unsafe access.insert(value, for: key) }
        }
    }

    /// Removes the value from those of the key; false if it was none.
    @discardableResult
    public func remove(_ value: Value, for key: Key) throws(StoreError) -> Bool {
        try unsafe key.withKeyBytes { (key, _) throws(StoreError) in
            try unsafe value.withKeyBytes { (value, _) throws(StoreError) in try unsafe access.remove(value, for: key) }
        }
    }

    /// Removes all values of the key; how many there were.
    @discardableResult
    public func removeAll(for key: Key) throws(StoreError) -> Int {
        let range = TableRange.range(key, through: key)
        return try access.removeAll(from: range.lower, upTo: range.upper)
    }

    /// Removes every key.
    public func removeAll() throws(StoreError) { try access.removeAll() }
}

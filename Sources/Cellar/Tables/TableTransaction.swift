/// A table as of one moment, for as long as `SharedTable.read` runs.
///
/// It must not leave the closure it is lent to. What it returns are copies.
public struct TableSnapshot<Key: TableKey, Value: Sendable>: ~Copyable {
    @usableFromInline let access: TableAccess
    @usableFromInline let codec: ValueCodec<Value>

    @usableFromInline
    init(_ access: consuming TableAccess, _ codec: ValueCodec<Value>) {
        self.access = access
        self.codec = codec
    }

    /// The value of the key; nil if there is none. O(log n).
    @inlinable
    public func value(for key: Key) throws(StoreError) -> Value? {
        try unsafe key.withKeyBytes { (bytes, _) throws(StoreError) -> Value? in
            guard let raw = try unsafe access.find(bytes) else { return nil }
            return try unsafe codec.decode(raw)
        }
    }

    /// Calls `body` with the bytes of the key's value, without a copy; nil if there is none. O(log n).
    @inlinable
    public func withValue<Result>(
        for key: Key, _ body: (RawSpan) throws(StoreError) -> Result
    ) throws(StoreError) -> Result? {
        try unsafe key.withKeyBytes { (bytes, _) throws(StoreError) -> Result? in
            guard let raw = try unsafe access.find(bytes) else { return nil }
            return try body(unsafe raw.bytes)
        }
    }

    /// How many entries the range has. O(log n + those entries).
    @inlinable
    public func count(in range: TableRange<Key>) throws(StoreError) -> Int {
        var cursor = try access.cursor(from: range.lower, upTo: range.upper, reversed: false)
        defer { cursor.close() }
        var count = 0
        while cursor.advance() { count &+= 1 }
        try cursor.check()
        return count
    }

    /// How many entries there are. O(1).
    public func count() throws(StoreError) -> Int { try access.count() }

    /// Calls `body` with each entry of the range in order, until it returns false. O(log n), and O(1) for each entry.
    @inlinable
    public func forEach(
        in range: TableRange<Key> = .all, reversed: Bool = false,
        _ body: (_ entry: borrowing TableEntry<Key, Value>) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var cursor = try access.cursor(from: range.lower, upTo: range.upper, reversed: reversed)
        defer { cursor.close() }
        let plainCount = codec.plainCount
        while cursor.advance() {
            guard try body(unsafe TableEntry(cursor.key.bytes, cursor.value.bytes, codec, plainCount)) else { return }
        }
        try cursor.check()
    }
}

/// One entry, which lies in the database: key and value are made when they are asked for.
///
/// It must not leave the closure it is lent to.
@safe
public struct TableEntry<Key: TableKey, Value: Sendable>: ~Copyable {
    @usableFromInline let keyBytes: UnsafeRawBufferPointer
    @usableFromInline let valueBytes: UnsafeRawBufferPointer
    /// Held by the transaction that lends the entry, so not counted. Not touched for plain values, for which a reference would
    /// be counted all the same.
    @usableFromInline unowned(unsafe) let codec: ValueCodec<Value>
    @usableFromInline let plainCount: Int

    @inlinable @unsafe
    init(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ codec: ValueCodec<Value>, _ plainCount: Int)
    {
        unsafe keyBytes = unsafe key
        unsafe valueBytes = unsafe value
        unsafe self.codec = codec
        self.plainCount = plainCount
    }

    /// A copy of the key. Throws `.corruptDatabase` if the bytes are none.
    @inlinable
    public func key() throws(StoreError) -> Key { try unsafe Key(keyBytes: keyBytes) }

    /// A copy of the value. Throws as `key`.
    @inlinable
    public func value() throws(StoreError) -> Value {
        if let value = unsafe ValueCodec<Value>.plain(valueBytes, plainCount) { return value }
        return try unsafe codec.decodeSlowly(valueBytes)
    }

    /// Calls `body` with the bytes of key and value where they lie, without a copy.
    @inlinable
    public func withBytes<Result>(
        _ body: (_ key: RawSpan, _ value: RawSpan) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try body(unsafe keyBytes.bytes, unsafe valueBytes.bytes)
    }
}

/// Changes to a table that are made together, or not at all, while `SharedTable.write` runs.
///
/// It must not leave the closure it is lent to.
public struct TableBatch<Key: TableKey, Value: Sendable>: ~Copyable {
    @usableFromInline let access: TableAccess
    @usableFromInline let codec: ValueCodec<Value>

    @usableFromInline
    init(_ access: consuming TableAccess, _ codec: ValueCodec<Value>) {
        self.access = access
        self.codec = codec
    }

    /// The value of the key, with the changes made so far; nil if there is none.
    @inlinable
    public func value(for key: Key) throws(StoreError) -> Value? {
        try unsafe key.withKeyBytes { (bytes, _) throws(StoreError) -> Value? in
            guard let raw = try unsafe access.find(bytes) else { return nil }
            return try unsafe codec.decode(raw)
        }
    }

    /// Sets the value of the key.
    @inlinable
    public func set(_ value: Value, for key: Key) throws(StoreError) {
        try unsafe key.withKeyBytes { (bytes, count) throws(StoreError) in
            try unsafe codec.encode(value) { (raw) throws(StoreError) in
                try unsafe access.set(bytes, count: count, to: raw)
            }
        }
    }

    /// Removes the entry; false if there was none.
    @inlinable @discardableResult
    public func remove(_ key: Key) throws(StoreError) -> Bool {
        try unsafe key.withKeyBytes { (bytes, _) throws(StoreError) in try unsafe access.remove(bytes) }
    }

    /// Changes the value of the key, makes it, or removes it (nil).
    @inlinable
    public func update(
        _ key: Key, _ change: (inout Value?) throws(StoreError) -> Void
    ) throws(StoreError) {
        var value = try value(for: key)
        let wasThere = value != nil
        try change(&value)
        if let value {
            try set(value, for: key)
        } else if wasThere {
            try remove(key)
        }
    }

    /// Removes every entry. O(pages).
    public func removeAll() throws(StoreError) { try access.removeAll() }

    /// Removes the entries of the range; how many there were. O(log n + those entries).
    @inlinable @discardableResult
    public func removeAll(in range: TableRange<Key>) throws(StoreError) -> Int {
        try access.removeAll(from: range.lower, upTo: range.upper)
    }

    /// How many entries there are, with the changes made so far.
    public func count() throws(StoreError) -> Int { try access.count() }

    /// As `TableSnapshot.forEach`. `body` must not change the table.
    @inlinable
    public func forEach(
        in range: TableRange<Key> = .all, reversed: Bool = false,
        _ body: (_ entry: borrowing TableEntry<Key, Value>) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var cursor = try access.cursor(from: range.lower, upTo: range.upper, reversed: reversed)
        defer { cursor.close() }
        let plainCount = codec.plainCount
        while cursor.advance() {
            guard try body(unsafe TableEntry(cursor.key.bytes, cursor.value.bytes, codec, plainCount)) else { return }
        }
        try cursor.check()
    }
}

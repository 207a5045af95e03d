/// A table as of one moment, for as long as `SharedTable.read` runs.
///
/// It must not leave the closure it is lent to. What it returns are copies.
public struct TableSnapshot<Key: TableKey, Value: Sendable>: ~Copyable {
    private let table: SharedTable<Key, Value>
    private let raw: RawTransaction

    init(_ table: SharedTable<Key, Value>, _ raw: RawTransaction) {
        self.table = table
        self.raw = raw
    }

    /// The value of the key; nil if there is none. O(log n).
    public func value(for key: Key) throws(StoreError) -> Value? {
        try table.value(for: key, in: ReadTransaction(raw: raw))
    }

    /// How many entries there are. O(1).
    public func count() throws(StoreError) -> Int { try ReadTransaction(raw: raw).count(of: table.entries) }

    /// Calls `body` with each entry of the range in order, until it returns false. O(log n), and O(1) for each entry.
    public func forEach(
        in range: TableRange<Key> = .all, reversed: Bool = false,
        _ body: (_ key: Key, _ value: Value) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try table.forEach(range, reversed, in: ReadTransaction(raw: raw), body)
    }
}

/// Changes to a table that are made together, or not at all, while `SharedTable.write` runs.
///
/// It must not leave the closure it is lent to.
public struct TableBatch<Key: TableKey, Value: Sendable>: ~Copyable {
    private let table: SharedTable<Key, Value>
    private let raw: RawTransaction

    init(_ table: SharedTable<Key, Value>, _ raw: RawTransaction) {
        self.table = table
        self.raw = raw
    }

    /// The value of the key, with the changes made so far; nil if there is none.
    public func value(for key: Key) throws(StoreError) -> Value? {
        try table.value(for: key, in: WriteTransaction(raw: raw))
    }

    /// Sets the value of the key.
    public func set(_ value: Value, for key: Key) throws(StoreError) {
        try table.set(value, for: key, in: WriteTransaction(raw: raw))
    }

    /// Removes the entry; false if there was none.
    @discardableResult
    public func remove(_ key: Key) throws(StoreError) -> Bool {
        try table.remove(key, in: WriteTransaction(raw: raw))
    }

    /// Removes every entry.
    public func removeAll() throws(StoreError) { try WriteTransaction(raw: raw).deleteAll(in: table.entries) }

    /// How many entries there are, with the changes made so far.
    public func count() throws(StoreError) -> Int { try WriteTransaction(raw: raw).count(of: table.entries) }

    /// As `TableSnapshot.forEach`. `body` must not change the table.
    public func forEach(
        in range: TableRange<Key> = .all, reversed: Bool = false,
        _ body: (_ key: Key, _ value: Value) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try table.forEach(range, reversed, in: WriteTransaction(raw: raw), body)
    }
}

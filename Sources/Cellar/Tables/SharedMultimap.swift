/// An ordered map on disk in which a key has a set of values, sorted: an index, say, from words to the pages they are on.
///
/// Keys and values are both `TableKey`s: what sorts, of at most 511 bytes. All else is as with `SharedTable`: every change is a
/// transaction, on disk when the call returns; reading takes no lock that a writer holds.
public struct SharedMultimap<Key: TableKey, Value: TableKey>: Sendable {
    /// The multimap's name.
    public let name: String
    let core: TableCore

    init(_ name: String, _ core: TableCore) {
        self.name = name
        self.core = core
    }

    // MARK: One key

    /// The values of the key, in order: copies. O(log n + values). Does not block.
    public func values(for key: Key) throws(StoreError) -> [Value] {
        var found: [Value] = []
        try read { (snapshot) throws(StoreError) in found = try snapshot.values(for: key) }
        return found
    }

    /// How many values the key has. O(log n). Does not block.
    public func count(for key: Key) throws(StoreError) -> Int {
        var count = 0
        try read { (snapshot) throws(StoreError) in count = try snapshot.count(for: key) }
        return count
    }

    /// Whether the value is one of the key's. O(log n). Does not block.
    public func contains(_ value: Value, for key: Key) throws(StoreError) -> Bool {
        var isThere = false
        try read { (snapshot) throws(StoreError) in isThere = try snapshot.contains(value, for: key) }
        return isThere
    }

    /// Adds the value to those of the key; false if it is there already. On disk when it returns. Waits as `write` does.
    @discardableResult
    public func insert(_ value: Value, for key: Key) throws(StoreError) -> Bool {
        var isNew = false
        try write { (batch) throws(StoreError) in isNew = try batch.insert(value, for: key) }
        return isNew
    }

    /// Removes the value from those of the key; false if it was none. On disk when it returns.
    @discardableResult
    public func remove(_ value: Value, for key: Key) throws(StoreError) -> Bool {
        var wasThere = false
        try write { (batch) throws(StoreError) in wasThere = try batch.remove(value, for: key) }
        return wasThere
    }

    /// Removes all values of the key; how many there were. On disk when it returns.
    @discardableResult
    public func removeAll(for key: Key) throws(StoreError) -> Int {
        var count = 0
        try write { (batch) throws(StoreError) in count = try batch.removeAll(for: key) }
        return count
    }

    // MARK: All

    /// How many values all keys have together. O(1).
    public func count() throws(StoreError) -> Int {
        var count = 0
        try core.read { (access) throws(StoreError) in count = try access.count() }
        return count
    }

    /// The keys of the range, each with each of its values, in order or backwards, as of one moment: copies.
    public func scan(
        _ range: TableRange<Key> = .all, reversed: Bool = false, limit: Int = .max
    ) throws(StoreError) -> [(key: Key, value: Value)] {
        var found: [(key: Key, value: Value)] = []
        if limit <= 0 { return found }
        try read { (snapshot) throws(StoreError) in
            found = []
            try snapshot.forEach(in: range, reversed: reversed) { (key, value) throws(StoreError) in
                found.append((key, value))
                return found.count < limit
            }
        }
        return found
    }

    /// Runs `body` on the multimap as of one moment: see `SharedTable.read`.
    public func read(
        _ body: (borrowing MultimapSnapshot<Key, Value>) throws(StoreError) -> Void
    ) throws(StoreError) {
        try core.read { (access) throws(StoreError) in try body(MultimapSnapshot(access.lent())) }
    }

    /// Runs `body`, whose changes are made all together when it returns, or not at all: see `SharedTable.write`.
    public func write(
        _ body: (borrowing MultimapBatch<Key, Value>) throws(StoreError) -> Void
    ) throws(StoreError) {
        try core.write { (access) throws(StoreError) in try body(MultimapBatch(access.lent())) }
    }
}

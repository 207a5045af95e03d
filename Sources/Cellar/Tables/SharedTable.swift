/// An ordered map on disk that the processes of a store share: keys sorted, values of any size, every reader with a
/// consistent view of its own.
///
/// Every change is a transaction: atomic whoever is killed, durable when the call returns. That costs a disk write, so
/// changes that belong together, or are many, are made in one `write`. Reading takes no lock that a writer holds.
/// A handle can be used from any thread, for as long as its store is open.
public struct SharedTable<Key: TableKey, Value: Sendable>: Sendable {
    /// The table's name.
    public let name: String
    @usableFromInline let core: TableCore
    @usableFromInline let codec: ValueCodec<Value>

    @usableFromInline
    init(_ name: String, _ core: TableCore, _ codec: ValueCodec<Value>) {
        self.name = name
        self.core = core
        self.codec = codec
    }

    // MARK: One entry

    /// The value of the key; nil if there is none. O(log n). Does not block.
    @inlinable
    public func value(for key: Key) throws(StoreError) -> Value? {
        try unsafe key.withKeyBytes { (bytes, _) throws(StoreError) -> Value? in
            guard let bytes = unsafe bytes else { return nil }
            let lent = unsafe core.lend(bytes)
            guard _fastPath(lent.isLent) else { return try unsafe readValue(bytes) }
            defer { core.giveBack(lent) }
            return lent.isFound ? try unsafe codec.decode(lent.bytes) : nil
        }
    }

    /// The same in a transaction of its own.
    @usableFromInline @inline(never) @unsafe
    func readValue(_ key: UnsafeRawBufferPointer) throws(StoreError) -> Value? {
        var found: Value?
        try core.read { (access) throws(StoreError) in
            // In a store opened read-only this may run more than once.
            found = nil
            if let raw = try unsafe access.find(key) { found = try unsafe codec.decode(raw) }
        }
        return found
    }

    /// Calls `body` with the bytes of the key's value where they lie in the database, without a copy; nil if there is none.
    /// O(log n). Does not block, but keeps a snapshot for as long as `body` runs. In a store opened read-only `body` may run more
    /// than once.
    @inlinable
    public func withValue<Result>(
        for key: Key, _ body: (RawSpan) throws(StoreError) -> Result
    ) throws(StoreError) -> Result? {
        var result: Result?
        try read { (snapshot) throws(StoreError) in
            result = nil
            result = try snapshot.withValue(for: key, body)
        }
        return result
    }

    /// Whether there is an entry with the key. O(log n). Does not block.
    @inlinable
    public func contains(_ key: Key) throws(StoreError) -> Bool { try withValue(for: key) { _ in true } ?? false }

    /// Sets the value of the key; on disk when it returns. O(log n). Waits as `write` does.
    @inlinable
    public func set(_ value: Value, for key: Key) throws(StoreError) {
        try write { (batch) throws(StoreError) in try batch.set(value, for: key) }
    }

    /// Removes the entry; false if there was none. On disk when it returns.
    @inlinable @discardableResult
    public func remove(_ key: Key) throws(StoreError) -> Bool {
        var found = false
        try write { (batch) throws(StoreError) in found = try batch.remove(key) }
        return found
    }

    /// Changes the value of the key, or makes it, or removes it (nil) in one step: no change of others is lost, in any process.
    /// On disk when it returns. `change` may run more than once. Waits as `write` does.
    @inlinable
    public func update(
        _ key: Key, _ change: (inout Value?) throws(StoreError) -> Void
    ) throws(StoreError) {
        try write { (batch) throws(StoreError) in try batch.update(key, change) }
    }

    // MARK: Many entries

    /// How many entries the range has. O(log n + those entries).
    @inlinable
    public func count(in range: TableRange<Key>) throws(StoreError) -> Int {
        var count = 0
        try read { (snapshot) throws(StoreError) in count = try snapshot.count(in: range) }
        return count
    }

    /// Removes the entries of the range; how many there were. On disk when it returns. O(log n + those entries).
    @inlinable @discardableResult
    public func removeAll(in range: TableRange<Key> = .all) throws(StoreError) -> Int {
        var count = 0
        try write { (batch) throws(StoreError) in count = try batch.removeAll(in: range) }
        return count
    }

    /// The entries in the range as a sequence, as of this moment: see `TableEntries` for what keeping it costs.
    public func entries(
        in range: TableRange<Key> = .all, reversed: Bool = false
    ) throws(StoreError) -> TableEntries<Key, Value> {
        let walk = try core.walk(from: range.lower, upTo: range.upper, reversed: reversed)
        let copies = try walk == nil ? scan(range, reversed: reversed) : []
        return TableEntries(walk, copies: copies, codec)
    }

    /// How many entries there are. O(1).
    public func count() throws(StoreError) -> Int {
        var count = 0
        try core.read { (access) throws(StoreError) in count = try access.count() }
        return count
    }

    /// The first entry in the range; nil if there is none. O(log n).
    @inlinable
    public func first(in range: TableRange<Key> = .all) throws(StoreError) -> (key: Key, value: Value)? {
        try scan(range, limit: 1).first
    }

    /// The last entry in the range; nil if there is none. O(log n).
    @inlinable
    public func last(in range: TableRange<Key> = .all) throws(StoreError) -> (key: Key, value: Value)? {
        try scan(range, reversed: true, limit: 1).first
    }

    /// The entries in the range, in order or backwards, as of one moment: copies. O(log n + entries returned).
    @inlinable
    public func scan(
        _ range: TableRange<Key> = .all, reversed: Bool = false, limit: Int = .max
    ) throws(StoreError) -> [(key: Key, value: Value)] {
        var found: [(key: Key, value: Value)] = []
        if limit <= 0 { return found }
        try read { (snapshot) throws(StoreError) in
            found = []
            try snapshot.forEach(in: range, reversed: reversed) { (entry) throws(StoreError) in
                found.append((try entry.key(), try entry.value()))
                return found.count < limit
            }
        }
        return found
    }

    /// Runs `body` on the table as of one moment, whatever others write meanwhile. A snapshot that is kept for long keeps
    /// the space of what is overwritten meanwhile. In a store opened read-only, `body` may run more than once.
    @inlinable
    public func read(
        _ body: (borrowing TableSnapshot<Key, Value>) throws(StoreError) -> Void
    ) throws(StoreError) {
        let codec = codec
        try core.read { (access) throws(StoreError) in
            try body(TableSnapshot(access.lent(), codec))
        }
    }

    /// Runs `body`, whose changes are made all together when it returns, on disk; if it throws, none is. No other process
    /// writes meanwhile. `body` may run more than once, so all it does is in the batch, or done again.
    ///
    /// Waits for the writer of any process as long as the store's `lockTimeout`; then `.timedOut`. Must not be called inside
    /// another `write`, nor inside `read`.
    @inlinable
    public func write(
        _ body: (borrowing TableBatch<Key, Value>) throws(StoreError) -> Void
    ) throws(StoreError) {
        let codec = codec
        try core.write { (access) throws(StoreError) in
            try body(TableBatch(access.lent(), codec))
        }
    }
}

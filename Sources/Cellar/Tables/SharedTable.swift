/// An ordered map on disk that the processes of a store share: keys sorted, values of any size, every reader with a
/// consistent view of its own.
///
/// Every change is a transaction: atomic whoever is killed, durable when the call returns. That costs a disk write, so
/// changes that belong together, or are many, are made in one `write`. Reading takes no lock that a writer holds.
/// A handle can be used from any thread, for as long as its store is open.
public struct SharedTable<Key: TableKey, Value: Sendable>: Sendable {
    /// The table's name.
    public let name: String
    let entries: NamedDatabase
    private let attachment: Attachment
    private let codec: ValueCodec<Value>

    init(_ name: String, _ entries: NamedDatabase, _ attachment: Attachment, _ codec: ValueCodec<Value>) {
        self.name = name
        self.entries = entries
        self.attachment = attachment
        self.codec = codec
    }

    private var database: Database { attachment.catalogue.database }

    // MARK: One entry

    /// The value of the key; nil if there is none. O(log n). Does not block.
    public func value(for key: Key) throws(StoreError) -> Value? {
        try attachment.checkUsable()
        return try database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            try value(for: key, in: transaction)
        }
    }

    /// Sets the value of the key; on disk when it returns. O(log n). Waits for the writer of any process.
    public func set(_ value: Value, for key: Key) throws(StoreError) {
        try write { (batch) throws(StoreError) in try batch.set(value, for: key) }
    }

    /// Removes the entry; false if there was none. On disk when it returns.
    @discardableResult
    public func remove(_ key: Key) throws(StoreError) -> Bool {
        var found = false
        try write { (batch) throws(StoreError) in found = try batch.remove(key) }
        return found
    }

    // MARK: Many entries

    /// How many entries there are. O(1).
    public func count() throws(StoreError) -> Int {
        var count = 0
        try read { (snapshot) throws(StoreError) in count = try snapshot.count() }
        return count
    }

    /// The first entry in the range; nil if there is none. O(log n).
    public func first(in range: TableRange<Key> = .all) throws(StoreError) -> (key: Key, value: Value)? {
        try scan(range, limit: 1).first
    }

    /// The last entry in the range; nil if there is none. O(log n).
    public func last(in range: TableRange<Key> = .all) throws(StoreError) -> (key: Key, value: Value)? {
        try scan(range, reversed: true, limit: 1).first
    }

    /// The entries in the range, in order or backwards, as of one moment: copies. O(log n + entries returned).
    public func scan(
        _ range: TableRange<Key> = .all, reversed: Bool = false, limit: Int = .max
    ) throws(StoreError) -> [(key: Key, value: Value)] {
        var found: [(key: Key, value: Value)] = []
        try read { (snapshot) throws(StoreError) in
            found = []
            guard limit > 0 else { return }
            try snapshot.forEach(in: range, reversed: reversed) { (key, value) throws(StoreError) in
                found.append((key, value))
                return found.count < limit
            }
        }
        return found
    }

    /// Runs `body` on the table as of one moment, whatever others write meanwhile. A snapshot that is kept for long keeps
    /// the space of what is overwritten meanwhile. In a store opened read-only, `body` may run more than once.
    public func read(
        _ body: (borrowing TableSnapshot<Key, Value>) throws(StoreError) -> Void
    ) throws(StoreError) {
        try attachment.checkUsable()
        try database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            try body(TableSnapshot(self, transaction.raw))
        }
    }

    /// Runs `body`, whose changes are made all together when it returns, on disk; if it throws, none is. No other process
    /// writes meanwhile. `body` may run more than once, so all it does is in the batch, or done again.
    ///
    /// Waits for the writer of any process. Must not be called inside another `write`, nor inside `read`.
    public func write(
        _ body: (borrowing TableBatch<Key, Value>) throws(StoreError) -> Void
    ) throws(StoreError) {
        try attachment.checkWritable()
        try database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            try body(TableBatch(self, transaction.raw))
            crashPoint("table: about to commit")
        }
    }

    // MARK: Parts

    func value(
        for key: Key, in transaction: borrowing some DatabaseReading & ~Copyable
    ) throws(StoreError) -> Value? {
        let key = key.keyBytes
        guard key.count > 0, key.count <= KeyBytes.maximumCount else { return nil }
        return try key.use { (bytes) throws(StoreError) in
            try transaction.withValue(of: bytes, in: entries) { (raw) throws(StoreError) in try codec.decode(raw) }
        }
    }

    func set(_ value: Value, for key: Key, in transaction: borrowing WriteTransaction) throws(StoreError) {
        let raw = transaction.raw
        try key.keyBytes.use { (key) throws(StoreError) in
            try codec.encode(value) { (bytes) throws(StoreError) in
                try WriteTransaction(raw: raw).put(bytes, for: key, in: entries)
            }
        }
        crashPoint("table: entry set")
    }

    func remove(_ key: Key, in transaction: borrowing WriteTransaction) throws(StoreError) -> Bool {
        let key = key.keyBytes
        guard key.count > 0, key.count <= KeyBytes.maximumCount else { return false }
        return try key.use { (bytes) throws(StoreError) in try transaction.delete(bytes, in: entries) }
    }

    func forEach(
        _ range: TableRange<Key>, _ reversed: Bool, in transaction: borrowing some DatabaseReading & ~Copyable,
        _ body: (_ key: Key, _ value: Value) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try transaction.withCursor(in: entries) { (cursor: borrowing DatabaseCursor) throws(StoreError) in
            func visit(_ key: RawSpan, _ value: RawSpan) throws(StoreError) -> Bool {
                guard range.contains(key) else { return false }
                return try body(try Key(key), try codec.decode(value))
            }
            var goesOn = try reversed ? cursor.moveToEnd(of: range, visit) : cursor.moveToStart(of: range, visit)
            while goesOn == true { goesOn = try cursor.move(reversed ? .previous : .next, visit) }
        }
    }
}

extension TableRange {
    /// Whether bytes that a cursor came to lie in it.
    func contains(_ key: RawSpan) -> Bool {
        unsafe key.withUnsafeBytes { bytes in
            guard unsafe !bytes.lexicographicallyPrecedes(lower) else { return false }
            guard let upper else { return true }
            return unsafe bytes.lexicographicallyPrecedes(upper)
        }
    }
}

extension DatabaseCursor {
    fileprivate func moveToStart<Key, Result>(
        of range: TableRange<Key>, _ body: (RawSpan, RawSpan) throws(StoreError) -> Result
    ) throws(StoreError) -> Result? {
        try range.lower.isEmpty ? move(.first, body) : move(toOrAfter: range.lower.span, body)
    }

    fileprivate func moveToEnd<Key, Result>(
        of range: TableRange<Key>, _ body: (RawSpan, RawSpan) throws(StoreError) -> Result
    ) throws(StoreError) -> Result? {
        guard let upper = range.upper, !upper.isEmpty else { return try move(.last, body) }
        // The entry before the first that is not in it.
        let found: Void? = try move(toOrAfter: upper.span) { (_, _) throws(StoreError) in }
        return try found == nil ? move(.last, body) : move(.previous, body)
    }
}

/// What a table does with bytes, whatever they stand for.
@usableFromInline
struct TableCore: Sendable {
    let entries: NamedDatabase
    let attachment: Attachment

    private var database: Database { attachment.catalogue.database }

    // MARK: Transactions

    @usableFromInline
    func read(_ body: (borrowing TableAccess) throws(StoreError) -> Void) throws(StoreError) {
        try attachment.checkUsable()
        try database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            try body(TableAccess(entries: entries, raw: transaction.raw))
        }
    }

    @usableFromInline
    func write(_ body: (borrowing TableAccess) throws(StoreError) -> Void) throws(StoreError) {
        try attachment.checkWritable()
        let patience = attachment.options.lockTimeout
        try database.write(patience: patience) { (transaction: borrowing WriteTransaction) throws(StoreError) in
            try body(TableAccess(entries: entries, raw: transaction.raw))
            crashPoint("table: about to commit")
        }
    }
}

/// A table inside a transaction.
@usableFromInline
struct TableAccess: ~Copyable {
    let entries: NamedDatabase
    let raw: RawTransaction

    init(entries: NamedDatabase, raw: RawTransaction) {
        self.entries = entries
        self.raw = raw
    }

    /// The same, for what is lent on.
    @usableFromInline
    borrowing func lent() -> TableAccess { TableAccess(entries: entries, raw: raw) }

    /// Calls `body` with the value of the key, which lies in the database; not at all if there is none.
    @usableFromInline @unsafe
    func get(
        _ key: UnsafeRawBufferPointer?, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) {
        guard let key = unsafe key else { return }
        let bytes = unsafe key.bindMemory(to: UInt8.self)
        try ReadTransaction(raw: raw).withValue(of: unsafe bytes.span, in: entries) { (value) throws(StoreError) in
            try unsafe value.withUnsafeBytes { (value) throws(StoreError) in try unsafe body(value) }
        }
    }

    @usableFromInline @unsafe
    func set(_ key: UnsafeRawBufferPointer?, count: Int, to value: UnsafeRawBufferPointer) throws(StoreError) {
        guard let keyBytes = unsafe key?.bindMemory(to: UInt8.self) else { throw Self.impossibleKey(count) }
        let valueBytes = unsafe value.bindMemory(to: UInt8.self)
        try WriteTransaction(raw: raw).put(unsafe valueBytes.span, for: unsafe keyBytes.span, in: entries)
        crashPoint("table: entry set")
    }

    @usableFromInline @unsafe
    func remove(_ key: UnsafeRawBufferPointer?) throws(StoreError) -> Bool {
        guard let key = unsafe key else { return false }
        let bytes = unsafe key.bindMemory(to: UInt8.self)
        return try WriteTransaction(raw: raw).delete(unsafe bytes.span, in: entries)
    }

    @usableFromInline
    func removeAll() throws(StoreError) { try WriteTransaction(raw: raw).deleteAll(in: entries) }

    @usableFromInline
    func count() throws(StoreError) -> Int { try ReadTransaction(raw: raw).count(of: entries) }

    /// Calls `body` with each entry from `lower` on (or backwards from before `upper`), until it returns false.
    @usableFromInline @unsafe
    func walk(
        from lower: [UInt8], upTo upper: [UInt8]?, reversed: Bool,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(StoreError) -> Bool
    ) throws(StoreError) {
        // Nothing sorts before no bytes at all.
        if upper?.isEmpty == true { return }
        try ReadTransaction(raw: raw).withCursor(in: entries) { (cursor: borrowing DatabaseCursor) throws(StoreError) in
            try unsafe Self.withBytes(lower.isEmpty ? nil : lower) { (lower) throws(StoreError) in
                try unsafe Self.withBytes(upper) { (upper) throws(StoreError) in
                    try unsafe cursor.walk(from: lower, upTo: upper, backwards: reversed, body)
                }
            }
        }
    }

    private static func withBytes(
        _ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) throws(StoreError) -> Void
    ) throws(StoreError) {
        guard let bytes else { return try body(nil) }
        try unsafe bytes.span.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe body(bytes) }
    }

    private static func impossibleKey(_ count: Int) -> StoreError {
        count == 0
            ? StoreError(.invalidValue, "a table's key has at least one byte, and this one has none")
            : StoreError(
                .invalidValue, "a table's key has at most \(KeyWriter.maximumCount) bytes, and this one has \(count)")
    }
}

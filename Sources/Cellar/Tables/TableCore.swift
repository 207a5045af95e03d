/// What a table does with bytes, whatever they stand for.
@usableFromInline
final class TableCore: Sendable {
    let entries: NamedDatabase
    let attachment: Attachment
    private let database: Database

    init(entries: NamedDatabase, attachment: Attachment) {
        self.entries = entries
        self.attachment = attachment
        database = attachment.catalogue.database
    }

    // MARK: One value

    /// The value of the key, to be given back; nothing where `read` is the way.
    @usableFromInline @unsafe
    func lend(_ key: UnsafeRawBufferPointer) -> LentValue { unsafe database.lend(key, in: entries) }

    @usableFromInline
    func giveBack(_ value: LentValue) { database.giveBack(value) }

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

    /// The value of the key where it lies in the database; nil if there is none.
    @usableFromInline @inline(never) @unsafe
    func find(_ key: UnsafeRawBufferPointer?) throws(StoreError) -> UnsafeRawBufferPointer? {
        guard let key = unsafe key else { return nil }
        return try unsafe ReadTransaction(raw: raw).find(key, in: entries)
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

    /// A walk from `lower` on, or backwards from before `upper`.
    @usableFromInline
    func cursor(from lower: [UInt8], upTo upper: [UInt8]?, reversed: Bool) throws(StoreError) -> RangeCursor {
        try RangeCursor(raw, entries, from: lower, upTo: upper, backwards: reversed)
    }

    private static func impossibleKey(_ count: Int) -> StoreError {
        count == 0
            ? StoreError(.invalidValue, "a table's key has at least one byte, and this one has none")
            : StoreError(
                .invalidValue, "a table's key has at most \(KeyWriter.maximumCount) bytes, and this one has \(count)")
    }
}

import Synchronization

/// What a table does with bytes, whatever they stand for.
@usableFromInline
final class TableCore: Sendable {
    let name: String
    let entries: NamedDatabase
    let attachment: Attachment
    /// What those who watch the table wait on; nil where nobody has the store in memory.
    let watchWord: WatchWord?
    private let database: Database
    /// The name of the LMDB database, as bytes: what tells the table from all others, before and after it.
    private let databaseName: [UInt8]
    /// Of `Database.removals`, those that were not of this table.
    private let seenRemovals: Atomic<Int>

    /// - Parameter removals: `Database.removals` before the table was opened.
    init(_ name: String, _ table: OpenTable, attachment: Attachment, removals: Int) {
        self.name = name
        entries = table.entries
        databaseName = Array(table.record.database.utf8)
        seenRemovals = Atomic(removals)
        self.attachment = attachment
        watchWord = attachment.watchWord(ofTable: table.record)
        database = attachment.catalogue.database
    }

    // MARK: One value

    /// The value of the key, to be given back; nothing where `read` is the way.
    @usableFromInline @unsafe
    func lend(_ key: UnsafeRawBufferPointer) -> LentValue {
        unsafe database.lend(
            key, in: entries, databaseName, seen: seenRemovals.load(ordering: .relaxed))
    }

    @usableFromInline
    func giveBack(_ value: LentValue) { database.giveBack(value) }

    // MARK: Transactions

    @usableFromInline
    func read(_ body: (borrowing TableAccess) throws(StoreError) -> Void) throws(StoreError) {
        try attachment.checkUsable()
        try database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            try checkThere(transaction)
            try body(TableAccess(entries: entries, raw: transaction.raw))
        }
    }

    /// The number of the store's newest transaction, be it another table's or a checkpoint.
    func newestTransaction() throws(StoreError) -> UInt64 {
        try attachment.checkUsable()
        return try database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            try checkThere(transaction)
            return transaction.identifier
        }
    }

    @usableFromInline
    func write(_ body: (borrowing TableAccess) throws(StoreError) -> Void) throws(StoreError) {
        try attachment.checkWritable()
        try attachment.checkNotNested()
        let patience = attachment.options.lockTimeout
        try database.write(patience: patience) { (transaction: borrowing WriteTransaction) throws(StoreError) in
            try checkThere(transaction)
            try body(TableAccess(entries: entries, raw: transaction.raw))
            crashPoint("table: about to commit")
        }
        noteChange()
    }

    /// Tells those who watch the table. To be called after each commit of a transaction that changed its entries.
    func noteChange() {
        crashPoint("table: committed")
        watchWord?.tell()
    }

    /// The table inside a transaction that is open already. (Swift 6.3.1 crashes when it inlines this.)
    @inline(never)
    func access(in raw: RawTransaction) throws(StoreError) -> TableAccess {
        try checkThere(ReadTransaction(raw: raw))
        return TableAccess(entries: entries, raw: raw)
    }

    /// A walk through a snapshot of its own; nil where that cannot be had: in a store opened read-only none is safe for so long.
    func walk(from lower: [UInt8], upTo upper: [UInt8]?, reversed: Bool) throws(StoreError) -> TableWalk? {
        try attachment.checkUsable()
        guard database.access == .readWrite, let read = try KeptRead(database) else { return nil }
        try checkThere(ReadTransaction(raw: read.raw))
        return TableWalk(
            read, try RangeCursor(read.raw, entries, from: lower, upTo: upper, backwards: reversed))
    }

    /// Throws `.removed` if the table was, by this process or another: what has its place is none of this handle's business.
    /// In the transaction: removing waits for those that are open.
    private func checkThere(_ transaction: borrowing some DatabaseReading & ~Copyable) throws(StoreError) {
        let removals = database.removals.load(ordering: .acquiring)
        if seenRemovals.load(ordering: .relaxed) != removals {
            let name = String(decoding: databaseName, as: UTF8.self)
            if database.removed.withLock({ $0.contains(name) }) { throw removed }
            seenRemovals.store(removals, ordering: .relaxed)
        }
        guard try transaction.hasDatabase(databaseName) else { throw removed }
    }

    private var removed: StoreError {
        StoreError(.removed, "the table '\(name)' was removed: open it again by its name")
    }
}

/// A table inside a transaction.
@usableFromInline
struct TableAccess: ~Copyable {
    let entries: NamedDatabase
    let raw: RawTransaction
    /// Whether each key that was set so far went behind all others: then the next most likely does.
    private let appends = Atomic(true)

    init(entries: NamedDatabase, raw: RawTransaction) {
        self.entries = entries
        self.raw = raw
    }

    /// The same, for what is lent on.
    @usableFromInline
    borrowing func lent() -> TableAccess { TableAccess(entries: entries, raw: raw) }

    /// The value of the key where it lies in the database; nil if there is none.
    ///
    /// (Swift 6.3.1 crashes when it inlines this.)
    @usableFromInline @inline(never) @unsafe
    func find(_ key: UnsafeRawBufferPointer?) throws(StoreError) -> UnsafeRawBufferPointer? {
        guard let key = unsafe key else { return nil }
        return try unsafe ReadTransaction(raw: raw).find(key, in: entries)
    }

    @usableFromInline @unsafe
    func set(_ key: UnsafeRawBufferPointer?, count: Int, to value: UnsafeRawBufferPointer) throws(StoreError) {
        guard let keyBytes = unsafe key?.bindMemory(to: UInt8.self) else { throw Self.impossibleKey(count) }
        let valueBytes = unsafe value.bindMemory(to: UInt8.self)
        let transaction = WriteTransaction(raw: raw)
        var isAppended = false
        if appends.load(ordering: .relaxed) {
            isAppended = try transaction.append(unsafe valueBytes.span, for: unsafe keyBytes.span, in: entries)
        }
        if !isAppended {
            appends.store(false, ordering: .relaxed)
            try transaction.put(unsafe valueBytes.span, for: unsafe keyBytes.span, in: entries)
        }
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

    /// How many bytes its pages have.
    /// Not inlined: the compiler (Swift 6.3.1, optimising) crashes where it is.
    @inline(never)
    func byteCount() throws(StoreError) -> Int { try ReadTransaction(raw: raw).byteCount(of: entries) }

    /// A walk from `lower` on, or backwards from before `upper`.
    @usableFromInline
    func cursor(from lower: [UInt8], upTo upper: [UInt8]?, reversed: Bool) throws(StoreError) -> RangeCursor {
        try RangeCursor(raw, entries, from: lower, upTo: upper, backwards: reversed)
    }

    /// Removes the entries from `lower` on, those before `upper`; how many there were.
    @usableFromInline
    func removeAll(from lower: [UInt8], upTo upper: [UInt8]?) throws(StoreError) -> Int {
        var cursor = try cursor(from: lower, upTo: upper, reversed: false)
        defer { cursor.close() }
        var count = 0
        while cursor.advance() {
            try cursor.remove()
            count += 1
        }
        try cursor.check()
        crashPoint("table: range removed")
        return count
    }

    private static func impossibleKey(_ count: Int) -> StoreError {
        count == 0
            ? StoreError(.invalidValue, "a table's key has at least one byte, and this one has none")
            : StoreError(
                .invalidValue, "a table's key has at most \(KeyWriter.maximumCount) bytes, and this one has \(count)")
    }
}

// Where a key can have several values, which are themselves limited as keys are. (Swift 6.3.1 crashes when it inlines these.)
extension TableAccess {
    @inline(never) @unsafe
    func insert(_ value: UnsafeRawBufferPointer?, for key: UnsafeRawBufferPointer?) throws(StoreError) -> Bool {
        guard let key = unsafe key?.bindMemory(to: UInt8.self), let value = unsafe value?.bindMemory(to: UInt8.self)
        else {
            throw StoreError(.invalidValue, "keys and values of a multimap have 1 to \(KeyWriter.maximumCount) bytes")
        }
        let isNew = try WriteTransaction(raw: raw).insert(unsafe value.span, for: unsafe key.span, in: entries)
        crashPoint("multimap: value inserted")
        return isNew
    }

    @inline(never) @unsafe
    func remove(_ value: UnsafeRawBufferPointer?, for key: UnsafeRawBufferPointer?) throws(StoreError) -> Bool {
        guard let key = unsafe key?.bindMemory(to: UInt8.self), let value = unsafe value?.bindMemory(to: UInt8.self)
        else { return false }
        return try WriteTransaction(raw: raw).delete(unsafe value.span, for: unsafe key.span, in: entries)
    }

    @inline(never) @unsafe
    func has(_ value: UnsafeRawBufferPointer?, for key: UnsafeRawBufferPointer?) throws(StoreError) -> Bool {
        guard let key = unsafe key?.bindMemory(to: UInt8.self), let value = unsafe value?.bindMemory(to: UInt8.self)
        else { return false }
        return try ReadTransaction(raw: raw).has(unsafe value.span, for: unsafe key.span, in: entries)
    }

    @inline(never) @unsafe
    func valueCount(of key: UnsafeRawBufferPointer?) throws(StoreError) -> Int {
        guard let key = unsafe key?.bindMemory(to: UInt8.self) else { return 0 }
        return try ReadTransaction(raw: raw).valueCount(of: unsafe key.span, in: entries)
    }
}

import Synchronization

/// The entries of dictionaries on disk.
extension Catalogue {
    /// The named database of all dictionaries' entries, made with the first of them: `EntryKey` → expiry, if the dictionary has
    /// those (8 bytes, little-endian), and the value's bytes.
    static let entries = "entries"

    /// Must not be called inside a transaction, unless it is open already.
    func entries(creates: Bool) throws(StoreError) -> NamedDatabase? {
        if let opened = openedEntries.database.withLock({ $0 }) { return opened }
        let opened = try database.named(Self.entries, creates: creates)
        openedEntries.database.withLock { $0 = opened }
        return opened
    }

    /// The entries of one dictionary whose hashes end in the last `count` bits of `hash`, in the order of the reversed hash,
    /// until `body` returns false.
    func forEachEntry(
        of uid: UInt64, hash: UInt64, count: Int, in entries: NamedDatabase,
        _ transaction: borrowing some DatabaseReading & ~Copyable,
        _ body: (EntryKey, _ value: RawSpan) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try transaction.forEach(in: entries, from: EntryKey.start(uid: uid, hash: hash, count: count)) {
            (bytes, value) throws(StoreError) in
            guard bytes.byteCount <= 511, let key = EntryKey(bytes) else { throw badEntry }
            guard key.uid == uid, EntryKey.agree(key.hash, hash, count: count) else { return false }
            return try body(key, value)
        }
    }

    /// Removes all entries of a dictionary.
    func deleteEntries(of uid: UInt64, in entries: NamedDatabase, _ transaction: borrowing WriteTransaction)
        throws(StoreError)
    {
        // No crash point: nothing of a transaction is there before its commit.
        let start = EntryKey.start(uid: uid, hash: 0, count: 0)
        while true {
            let key = try transaction.withCursor(in: entries) { (cursor: borrowing DatabaseCursor) throws(StoreError) in
                try cursor.move(toOrAfter: start.span) { key, _ in key.byteCount <= 511 ? key.copiedBytes : [] }
            }
            guard let key, key.starts(with: start.prefix(8)) else { return }
            try transaction.delete(key.span, in: entries)
        }
    }

    // MARK: Counts

    /// How many entries each stripe has on disk: with the dictionary's values, as chunk 0.
    func entryCounts(of uid: UInt64, in transaction: borrowing some DatabaseReading & ~Copyable) throws(StoreError)
        -> [UInt64]
    {
        let counts = try withChunk(ChunkKey(uid: uid, chunk: 0), in: transaction) { (bytes) throws(StoreError) in
            guard bytes.byteCount == DictionaryShape.stripeCount * 8 else { throw badEntry }
            return (0..<DictionaryShape.stripeCount).map {
                UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self))
            }
        }
        return counts ?? [UInt64](repeating: 0, count: DictionaryShape.stripeCount)
    }

    func setEntryCounts(_ counts: [UInt64], of uid: UInt64, in transaction: borrowing WriteTransaction)
        throws(StoreError)
    {
        // No crash point: nothing of a transaction is there before its commit.
        var bytes: [UInt8] = []
        for count in counts {
            for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: count >> UInt64(shift * 8))) }
        }
        try putChunk(ChunkKey(uid: uid, chunk: 0), bytes.span, in: transaction)
    }

    var badEntry: StoreError {
        .damaged("\(database.directory)/data.mdb", "an entry of a dictionary on disk makes no sense")
    }
}

/// A named database that stays, where copies of a catalogue find it. Held briefly, never while a database is opened.
final class OpenedDatabase: Sendable {
    let database = Mutex<NamedDatabase?>(nil)
}

import Glibc

extension Catalogue {
    /// Calls `body` with the bytes of a chunk, borrowed from the database's page; nil if the chunk is missing, which stands
    /// for zeros.
    func withChunk<Result>(
        _ key: ChunkKey, in transaction: borrowing some DatabaseReading & ~Copyable,
        _ body: (RawSpan) throws(StoreError) -> Result
    ) throws(StoreError) -> Result? {
        try transaction.withValue(of: key.bytes.span, in: values, body)
    }

    /// Copies a chunk to `target`, with zeros for what the disk does not have; returns how many bytes it had.
    ///
    /// A chunk that is longer than `target` is `.corruptDatabase`.
    @unsafe
    func readChunk(
        _ key: ChunkKey, in transaction: borrowing some DatabaseReading & ~Copyable,
        into target: UnsafeMutableRawBufferPointer
    ) throws(StoreError) -> Int {
        let count = try withChunk(key, in: transaction) { (bytes) throws(StoreError) in
            guard bytes.byteCount <= target.count else { throw tooLong(key, bytes.byteCount, target.count) }
            // No crash point: out of the database, for its reader.
            unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
            return bytes.byteCount
        }
        let filled = count ?? 0
        if filled < target.count { unsafe memset(target.baseAddress! + filled, 0, target.count - filled) }
        return filled
    }

    /// Whether the chunk on disk stands for exactly these bytes, missing and short chunks counting as zeros.
    func chunkMatches(
        _ key: ChunkKey, _ bytes: RawSpan, in transaction: borrowing some DatabaseReading & ~Copyable
    ) throws(StoreError) -> Bool {
        let stored = try withChunk(key, in: transaction) { stored in
            unsafe stored.withUnsafeBytes { stored in
                unsafe bytes.withUnsafeBytes { unsafe Self.agree(stored, $0) }
            }
        }
        if let stored { return stored }
        return unsafe bytes.withUnsafeBytes { unsafe Self.areZeros($0) }
    }

    /// Calls `body` for each chunk of `uid` that is on disk, in order, until it returns false.
    func forEachChunk(
        of uid: UInt64, in transaction: borrowing some DatabaseReading & ~Copyable,
        _ body: (_ chunk: UInt32, _ bytes: RawSpan) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try transaction.forEach(in: values, from: ChunkKey(uid: uid, chunk: 0).bytes) {
            (key, value) throws(StoreError) in
            guard let key = ChunkKey(key) else { throw badKey }
            guard key.uid == uid else { return false }
            return try body(key.chunk, value)
        }
    }

    /// Makes room for a chunk in the database's page and lets `fill` copy the bytes straight into it.
    ///
    /// `fill` must write every byte, and runs again if the transaction does.
    @unsafe
    func putChunk(
        _ key: ChunkKey, byteCount: Int, in transaction: borrowing WriteTransaction,
        fill: (UnsafeMutableRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) {
        try unsafe transaction.put(byteCount: byteCount, for: key.bytes.span, in: values, fill: fill)
    }

    /// The same with bytes that are at hand.
    func putChunk(_ key: ChunkKey, _ bytes: Span<UInt8>, in transaction: borrowing WriteTransaction) throws(StoreError)
    {
        try transaction.put(bytes, for: key.bytes.span, in: values)
    }

    /// Removes one chunk, which then stands for zeros; false if there was none.
    @discardableResult
    func deleteChunk(_ key: ChunkKey, in transaction: borrowing WriteTransaction) throws(StoreError) -> Bool {
        try transaction.delete(key.bytes.span, in: values)
    }

    /// Removes all chunks of `uid`; returns how many there were.
    @discardableResult
    func deleteValues(of uid: UInt64, in transaction: borrowing WriteTransaction) throws(StoreError) -> Int {
        var removed = 0
        let start = ChunkKey(uid: uid, chunk: 0).bytes
        while let key = try firstKey(from: start, in: transaction), key.uid == uid {
            try transaction.delete(key.bytes.span, in: values)
            removed += 1
        }
        return removed
    }

    /// Nil at the end, and for a key of the wrong length.
    private func firstKey(from start: [UInt8], in transaction: borrowing WriteTransaction) throws(StoreError)
        -> ChunkKey?
    {
        let key = try transaction.withCursor(in: values) { (cursor: borrowing DatabaseCursor) throws(StoreError) in
            try cursor.move(toOrAfter: start.span) { key, _ in ChunkKey(key) }
        }
        return key ?? nil
    }

    private var badKey: StoreError {
        .damaged("\(database.directory)/data.mdb", "a key in 'values' has the wrong length")
    }

    private func tooLong(_ key: ChunkKey, _ count: Int, _ limit: Int) -> StoreError {
        .damaged(
            "\(database.directory)/data.mdb",
            "chunk \(key.chunk) of the cell with uid \(key.uid) has \(count) bytes, but at most \(limit) fit")
    }

    @unsafe
    private static func agree(_ stored: UnsafeRawBufferPointer, _ wanted: UnsafeRawBufferPointer) -> Bool {
        let common = stored.count
        guard common <= wanted.count else { return false }
        if common > 0 {
            guard unsafe memcmp(stored.baseAddress!, wanted.baseAddress!, common) == 0 else { return false }
        }
        return unsafe areZeros(UnsafeRawBufferPointer(rebasing: wanted[common...]))
    }

    @unsafe
    private static func areZeros(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard unsafe !bytes.isEmpty else { return true }
        // Compared with itself, one byte on: equal only if all are as the first.
        return unsafe bytes[0] == 0 && memcmp(bytes.baseAddress!, bytes.baseAddress! + 1, bytes.count - 1) == 0
    }
}

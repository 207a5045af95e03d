import CCellar

/// Writes what transactions changed to the database, all of it in one of the database's transactions: so the disk never has
/// a part of one.
///
/// Under the transactions' lock, and without the locks of cells: what it reads is whole without them, and whoever holds one
/// for long must not keep everything from the disk.
struct TransactionCheckpoint {
    let segment: Segment
    let catalogue: Catalogue
    /// The entries of dictionaries; nil where they were not opened before the transaction.
    var entries: NamedDatabase?
    /// What the checkpoint did before.
    var report = CheckpointReport()

    private var area: TransactionArea { TransactionArea(segment: segment) }

    /// Something that a transaction changed is not known to the disk yet, not even by name.
    static var unrecorded: StoreError {
        StoreError(.timedOut, "a transaction changed a new cell, of which the disk does not know yet")
    }

    // MARK: Of a checkpoint

    /// Waits until memory is what the database has. Who committed to the database last may not have come to change memory yet:
    /// what a checkpoint copied from there would be older than what the disk has. Inside a transaction of the database, where
    /// nobody else commits to it.
    func awaitChanges(as slot: Int) throws(StoreError) {
        // No crash point: `TransactionArea` has them.
        if area.stateWord.acquire() == TransactionArea.State.none.rawValue { return }
        try area.acquire(until: MonotonicClock.deadline(after: .seconds(1)), as: slot)
        area.release()
    }

    /// Writes all pieces that are listed, if any are, as they are now. Returns what tells when they are on disk.
    mutating func drain(as slot: Int, in transaction: borrowing WriteTransaction) throws(StoreError) -> UInt64? {
        if TouchedPieces(area: area).isEmpty { return nil }
        // Written when the lock is free again.
        let (copies, number) = try copyListed(as: slot)
        try write(copies, in: transaction)
        crashPoint("write: transactions written")
        if let obstacle = copies.obstacle { report.obstacle = obstacle }
        return number
    }

    private func copyListed(as slot: Int) throws(StoreError) -> (Copies, UInt64) {
        // No crash point: `TransactionArea` and `TouchedPieces` have them.
        try area.acquire(until: MonotonicClock.deadline(after: .seconds(1)), as: slot)
        defer { area.release() }
        let (pieces, number) = try TouchedPieces(area: area).drain()
        return (try copy(pieces, []), number)
    }

    /// They are on disk.
    func settle(_ number: UInt64, as slot: Int) throws(StoreError) {
        try area.acquire(until: MonotonicClock.deadline(after: .seconds(1)), as: slot)
        defer { area.release() }
        try TouchedPieces(area: area).settle(number)
        crashPoint("pass: transactions settled")
    }

    // MARK: Pieces

    /// What is to be written, in private memory.
    struct Copies {
        struct Elements {
            var reference: CellReference
            var uid: UInt64
            var values: [Int: [UInt8]] = [:]
        }
        struct Entries {
            var reference: DictionaryReference
            var hashes: Set<UInt64> = []
            /// Of a transaction that commits; nil removes.
            var changes: [[UInt8]: EntryBytes?] = [:]
            var places: [DictionaryCheckpoint.Copy] = []
        }
        var values: [UInt64: (uid: UInt64, bytes: [UInt8])] = [:]
        var elements: [UInt64: Elements] = [:]
        var dictionaries: [UInt64: Entries] = [:]
        /// What is wrong with a piece that was passed over.
        var obstacle: StoreError?
    }

    /// Copies these pieces as they are, but as the items of a transaction that commits will have them. Under the lock.
    func copy(_ pieces: [TouchedPiece], _ items: [RedoItem]) throws(StoreError) -> Copies {
        var copies = Copies()
        for piece in pieces {
            do throws(StoreError) { try add(piece, to: &copies) } catch {
                // One that is damaged keeps no other from the disk.
                guard [.corruptSegment, .unsupportedType].contains(error.code) else { throw error }
                copies.obstacle = error
            }
        }
        for item in items where item.kind != .superseded { try add(item, to: &copies) }
        for key in copies.dictionaries.keys { try copyPlaces(of: &copies.dictionaries[key]!) }
        return copies
    }

    func write(_ copies: Copies, in transaction: borrowing WriteTransaction) throws(StoreError) {
        // No crash point: nothing of a transaction is there before its commit.
        for (uid, value) in copies.values.values {
            try catalogue.putChunk(ChunkKey(uid: uid, chunk: 0), value.span, in: transaction)
        }
        for (_, elements) in copies.elements { try write(elements, in: transaction) }
        for (_, dictionary) in copies.dictionaries { try write(dictionary, in: transaction) }
    }

    private func add(_ piece: TouchedPiece, to copies: inout Copies) throws(StoreError) {
        guard let cell = try CellTable(segment: segment).cell(piece.id), try isOfInterest(cell) else { return }
        switch cell.kind {
        case .value:
            let reference = try CellReference(ofTypeOf: cell)
            copies.values[cell.offset] = (cell.uid, CellReader(reference: reference).bytes())
        case .array:
            let reference = try CellReference(ofTypeOf: cell)
            guard piece.place < UInt64(reference.count) else { return }
            let bytes = ArrayReader(reference: reference, segment: segment).element(Int(piece.place))
            copies.elements[cell.offset, default: .init(reference: reference, uid: cell.uid)].values[Int(piece.place)] =
                bytes
        case .dictionary:
            let reference = try DictionaryReference(cell)
            copies.dictionaries[cell.offset, default: .init(reference: reference)].hashes.insert(piece.place)
        case .structure, .droppedName, nil: return
        }
    }

    private func add(_ item: RedoItem, to copies: inout Copies) throws(StoreError) {
        let cell = try CellHeader(segment: segment, at: item.cell)
        guard try isOfInterest(cell) else { return }
        let value = unsafe [UInt8](item.value)
        switch item.kind {
        case .value: copies.values[cell.offset] = (cell.uid, value)
        case .element:
            let reference = try CellReference(ofTypeOf: cell)
            copies.elements[cell.offset, default: .init(reference: reference, uid: cell.uid)].values[Int(item.place)] =
                value
        case .entry, .removedEntry:
            let reference = try DictionaryReference(cell)
            let key = unsafe [UInt8](item.key)
            let entry = EntryBytes(key: key, value: value, expiry: item.expiry, hash: item.place)
            copies.dictionaries[cell.offset, default: .init(reference: reference)].changes[key] =
                item.kind == .entry ? .some(entry) : .some(nil)
            copies.dictionaries[cell.offset]?.hashes.insert(item.place)
        case .superseded, nil: return
        }
    }

    /// Whether the cell goes to disk. Throws `unrecorded` where that does not know of it: its pieces would be nobody's.
    private func isOfInterest(_ cell: CellHeader) throws(StoreError) -> Bool {
        guard cell.state == .live, !cell.isVolatile else { return false }
        let version = cell.record.acquire()
        let isRecorded =
            version == 0 || report.records.contains { $0.cell.offset == cell.offset && $0.version == version }
        if isRecorded { return true }
        // Its record cannot be written: the pass tells of that.
        if report.blocked.contains(cell.id) { return false }
        throw Self.unrecorded
    }

    // MARK: Elements

    /// Patches the chunks that the disk has.
    private func write(_ elements: Copies.Elements, in transaction: borrowing WriteTransaction) throws(StoreError) {
        let (stride, size) = (elements.reference.stride, SegmentLayout.chunkSize)
        let total = elements.reference.count * stride
        var chunks: [Int: [UInt8]] = [:]
        for (index, value) in elements.values {
            for (position, byte) in value.enumerated() {
                let (chunk, offset) = (index * stride + position).quotientAndRemainder(dividingBy: size)
                if chunks[chunk] == nil {
                    let count = min(size, total - chunk * size)
                    chunks[chunk] = try chunkOnDisk(chunk, count, elements.uid, in: transaction)
                }
                chunks[chunk]?[offset] = byte
            }
        }
        for (chunk, bytes) in chunks {
            try catalogue.putChunk(ChunkKey(uid: elements.uid, chunk: UInt32(chunk)), bytes.span, in: transaction)
        }
    }

    private func chunkOnDisk(
        _ chunk: Int, _ count: Int, _ uid: UInt64, in transaction: borrowing WriteTransaction
    ) throws(StoreError) -> [UInt8] {
        let key = ChunkKey(uid: uid, chunk: UInt32(chunk))
        // A chunk that is missing, or short, stands for zeros.
        let stored = try catalogue.withChunk(key, in: transaction) { $0.copiedBytes } ?? []
        guard stored.count <= count else {
            throw .damaged("\(catalogue.database.directory)/data.mdb", "a chunk of an array is too long")
        }
        return stored + [UInt8](repeating: 0, count: count - stored.count)
    }

    // MARK: Entries

    private func copyPlaces(of entries: inout Copies.Entries) throws(StoreError) {
        var copied: Set<UInt64> = []
        let reader = DictionaryReader(reference: entries.reference)
        for hash in entries.hashes {
            // What only the disk has was not changed by anybody since.
            guard case .loaded(let found, let depth) = try reader.place(of: hash) else { continue }
            let count = Int(DictionaryShape.stripeShift) + depth
            let mask: UInt64 = 1 << UInt64(count) - 1
            guard copied.insert(hash & mask | UInt64(count) << 56).inserted else { continue }
            entries.places.append(
                DictionaryCheckpoint.Copy(
                    entries: Self.merge(found, entries.changes) { $0 & mask == hash & mask }, hash: hash & mask,
                    count: count, expires: entries.reference.shape.expires))
        }
    }

    private func write(_ dictionary: Copies.Entries, in transaction: borrowing WriteTransaction) throws(StoreError) {
        guard let entries else { throw Self.unrecorded }
        let uid = dictionary.reference.cell.uid
        let writer = DictionaryCheckpoint(catalogue: catalogue, entries: entries, verifies: false, slot: -1)
        var counts = try catalogue.entryCounts(of: uid, in: transaction)
        let before = counts
        var report = CheckpointReport()
        for place in dictionary.places {
            let stripe = DictionaryShape.stripe(of: place.hash)
            try writer.write(place, uid, &counts[stripe], &report, in: transaction)
        }
        if counts != before { try catalogue.setEntryCounts(counts, of: uid, in: transaction) }
    }

    /// The entries of a place, as they will be.
    private static func merge(
        _ found: [EntryBytes], _ changes: [[UInt8]: EntryBytes?], belongs: (UInt64) -> Bool
    ) -> [EntryBytes] {
        if changes.isEmpty { return found }
        let kept = found.filter { changes[$0.key] == nil }
        return kept + changes.values.compactMap { $0 }.filter { belongs($0.hash) }
    }
}

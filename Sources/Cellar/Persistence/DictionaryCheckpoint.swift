import CCellar

/// Writes what changed in dictionaries to the database: bucket by bucket, comparing with the entries that the disk has of the
/// bucket's hashes. So what was removed needs no trace in memory.
///
/// A stripe's lock is held while bits are taken, and while a few buckets are copied; not while anything is written.
final class DictionaryCheckpoint {
    private struct Place: Hashable {
        var stripe: Int
        var own: Int
    }

    private let catalogue: Catalogue
    private let verifies: Bool
    private let slot: Int
    let entries: NamedDatabase
    /// What was taken, by dictionary: kept from one run of the transaction to the next, and put back if none succeeds.
    private var taken: [Int: Set<Place>] = [:]

    private static let patience: Duration = .milliseconds(5)
    /// Buckets that are copied at a time.
    private static let batch = 32

    init(catalogue: Catalogue, entries: NamedDatabase, verifies: Bool, slot: Int) {
        self.catalogue = catalogue
        self.entries = entries
        self.verifies = verifies
        self.slot = slot
    }

    /// Writes one dictionary's changes; returns how many bytes and entries. False if a lock was not to be had.
    func save(_ cell: CellHeader, _ report: inout CheckpointReport, in transaction: borrowing WriteTransaction)
        throws(StoreError)
    {
        // No crash point: nothing of a transaction is there before its commit; `take` has one for memory.
        let reference = try DictionaryReference(cell)
        var counts = try catalogue.entryCounts(of: cell.uid, in: transaction)
        let before = counts
        var obstacle: StoreError?
        for index in 0..<DictionaryShape.stripeCount {
            do throws(StoreError) {
                try save(reference.stripe(index), index, cell, &counts[index], &report, in: transaction)
            } catch {
                // The others are written all the same, and counted.
                guard error == Self.stayedLocked else { throw error }
                obstacle = error
            }
        }
        if counts != before { try catalogue.setEntryCounts(counts, of: cell.uid, in: transaction) }
        if let obstacle { throw obstacle }
    }

    private func save(
        _ stripe: Stripe, _ index: Int, _ cell: CellHeader, _ count: inout UInt64, _ report: inout CheckpointReport,
        in transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        // No crash point: see above.
        let places = try take(stripe, index, cell.id)
        for start in Swift.stride(from: 0, to: places.count, by: Self.batch) {
            let copies = try copy(places[start..<min(start + Self.batch, places.count)], of: stripe)
            for copy in copies { try write(copy, cell.uid, &count, &report, in: transaction) }
        }
    }

    /// A lock that stayed taken, for the report.
    static var stayedLocked: StoreError { StoreError(.timedOut, "a dictionary stayed locked") }

    private func locked<Result>(_ stripe: Stripe, _ body: () throws(StoreError) -> Result) throws(StoreError) -> Result
    {
        let lock = StripeLock(stripe: stripe)
        guard try lock.acquire(until: MonotonicClock.deadline(after: Self.patience), as: slot) else {
            throw Self.stayedLocked
        }
        defer { lock.release() }
        return try body()
    }

    /// Takes the dirty places of a stripe.
    private func take(_ stripe: Stripe, _ index: Int, _ id: Int) throws(StoreError) -> [Int] {
        try locked(stripe) { () throws(StoreError) in
            let table = try stripe.table()
            if verifies {
                for own in 0..<table.entryCount where isOwn(own, table) {
                    taken[id, default: []].insert(Place(stripe: index, own: own))
                }
            }
            for word in 0..<StripeTable.dirtyWords(table.depth) where table.dirty(word).relaxed() != 0 {
                forEachBit(table.dirty(word).exchange(0)) {
                    taken[id, default: []].insert(Place(stripe: index, own: word << 6 + $0))
                }
            }
            crashPoint("write: places taken")
        }
        return (taken[id] ?? []).filter { $0.stripe == index }.map(\.own).sorted()
    }

    private func isOwn(_ index: Int, _ table: StripeTable) -> Bool {
        let depth = StripeTable.depth(ofEntry: table.entry(index).relaxed())
        return depth <= table.depth && StripeTable.own(index, depth: depth) == index
    }

    // MARK: One place

    /// A copy of all entries of one place.
    struct Copy {
        var entries: [EntryBytes]
        /// Of all hashes that belong here, the last bits, and how many.
        var hash: UInt64
        var count: Int
        var expires: Bool
    }

    private func copy(_ places: ArraySlice<Int>, of stripe: Stripe) throws(StoreError) -> [Copy] {
        try locked(stripe) { () throws(StoreError) in
            let writer = StripeWriter(stripe: stripe)
            let table = try stripe.table()
            var copies: [Copy] = []
            for own in places where own < table.entryCount {
                let position = try writer.position(at: own, in: table)
                // The disk is ahead of memory where memory was not asked yet.
                if position.isUnloaded { continue }
                let entries = try position.bucket.map { (bucket) throws(StoreError) in
                    try writer.reader.entries(of: bucket).entries
                }
                copies.append(
                    Copy(
                        entries: entries ?? [],
                        hash: stripe.index | UInt64(position.own) << DictionaryShape.stripeShift,
                        count: Int(DictionaryShape.stripeShift) + position.depth, expires: stripe.shape.expires))
            }
            return copies
        }
    }

    /// Has the disk agree with a place.
    func write(
        _ copy: Copy, _ uid: UInt64, _ count: inout UInt64, _ report: inout CheckpointReport,
        in transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        // No crash point: nothing of a transaction is there before its commit.
        var wanted: [[UInt8]: [UInt8]] = [:]
        for entry in copy.entries {
            let key = EntryKey(uid: uid, hash: entry.hash, key: entry.key).bytes
            wanted[key] = (copy.expires ? Self.bytes(entry.expiry) : []) + entry.value
        }
        var gone: [[UInt8]] = []
        try catalogue.forEachEntry(of: uid, hash: copy.hash, count: copy.count, in: entries, transaction) {
            (key, value) throws(StoreError) in
            let bytes = key.bytes
            if let new = wanted[bytes] {
                if unsafe value.withUnsafeBytes({ unsafe $0.elementsEqual(new) }) {
                    wanted[bytes] = nil
                } else {
                    count &-= 1
                }
            } else {
                gone.append(bytes)
            }
            return true
        }
        for key in gone { try transaction.delete(key.span, in: entries) }
        for (key, value) in wanted {
            try transaction.put(value.span, for: key.span, in: entries)
            report.bytes += value.count
            report.chunks += 1
        }
        count = count &+ UInt64(wanted.count) &- UInt64(gone.count)
    }

    private static func bytes(_ word: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
    }

    /// A removed dictionary's entries go.
    func remove(_ cell: CellHeader, in transaction: borrowing WriteTransaction) throws(StoreError) {
        // No crash point: nothing of a transaction is there before its commit.
        try catalogue.deleteEntries(of: cell.uid, in: entries, transaction)
    }

    // MARK: Afterwards

    /// Nothing of it is on disk: what was taken is dirty again. False if a lock was not to be had.
    func putBack(_ cell: CellHeader) -> Bool {
        guard let reference = try? DictionaryReference(cell), let places = taken[cell.id] else { return true }
        for (index, group) in Dictionary(grouping: places, by: \.stripe) {
            do throws(StoreError) {
                try locked(reference.stripe(index)) { () throws(StoreError) in
                    let table = try reference.stripe(index).table()
                    for place in group where place.own < table.entryCount { table.markDirty(place.own) }
                    crashPoint("write: places put back")
                }
            } catch { return false }
        }
        taken[cell.id] = nil
        return true
    }
}

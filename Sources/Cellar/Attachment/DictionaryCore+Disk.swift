import CCellar

/// What only the disk has.
extension DictionaryCore {
    /// More entries than this are brought in by halves.
    private static let most = 12

    func load(_ hash: UInt64, _ reference: DictionaryReference) throws(StoreError) {
        try attachment.checkUsable()
        let stripe = reference.stripe(of: hash)
        let lock = try acquire(stripe, until: attachment.deadline)
        defer { lock.release() }
        do throws(StoreError) {
            try load(hash, StripeWriter(stripe: stripe, patience: attachment.options.lockTimeout), reference)
        } catch {
            try lock.undo()
            throw error
        }
    }

    /// Brings in the entries of the place that a hash leads to, and no more: of what lies there, the disk has a range. Under
    /// the stripe's lock. Killed within, the place is still said to be on disk, and the next begins again.
    func load(_ hash: UInt64, _ writer: StripeWriter, _ reference: DictionaryReference) throws(StoreError) {
        // No crash point: `StripeWriter` has them.
        while true {
            let position = try writer.position(of: hash)
            guard position.isUnloaded else { return }
            guard try writer.unifyUnloaded(position) else { continue }
            let count = Int(DictionaryShape.stripeShift) + position.depth
            let found = try entriesOnDisk(reference.cell.uid, hash, count, limit: Self.most + 1)
            if found.count > Self.most, position.bucket == nil {
                try writer.splitUnloaded(position)
                continue
            }
            for entry in found { try bringIn(entry, writer) }
            writer.setLoaded(try writer.position(of: hash))
        }
    }

    private func bringIn(_ entry: EntryBytes, _ writer: StripeWriter) throws(StoreError) {
        // No crash point: `StripeWriter` has them.
        unsafe try entry.key.span.withUnsafeBytes { (key) throws(StoreError) in
            unsafe try entry.value.span.withUnsafeBytes { (value) throws(StoreError) in
                _ = unsafe try writer.put(key, entry.hash, value, expiry: entry.expiry, marks: false)
            }
        }
    }

    /// Entries whose hashes end in the last `count` bits of `hash`.
    func entriesOnDisk(_ uid: UInt64, _ hash: UInt64, _ count: Int, limit: Int = .max) throws(StoreError)
        -> [EntryBytes]
    {
        guard let entries = try attachment.catalogue.entries(creates: false) else { return [] }
        let catalogue = attachment.catalogue
        return try catalogue.database.readCommitted { (transaction: borrowing ReadTransaction) throws(StoreError) in
            var found: [EntryBytes] = []
            try catalogue.forEachEntry(of: uid, hash: hash, count: count, in: entries, transaction) {
                (key, value) throws(StoreError) in
                found.append(try entry(key, value))
                return found.count < limit
            }
            return found
        }
    }

    private func entry(_ key: EntryKey, _ value: RawSpan) throws(StoreError) -> EntryBytes {
        let head = expires ? 8 : 0
        // One that lies where its hash does not belong would be looked for in ever smaller places.
        let hash = unsafe key.key.withUnsafeBytes { unsafe KeyedHash.hash($0, seed: type.seed) }
        guard hash == key.hash, value.byteCount >= head, value.byteCount <= head + DictionaryShape.largestBlock,
            type.key.fixedSize == nil || type.key.fixedSize == key.key.count,
            type.value.fixedSize == nil || type.value.fixedSize == value.byteCount - head
        else { throw attachment.catalogue.badEntry }
        let bytes = value.copiedBytes
        var expiry: UInt64 = 0
        for index in 0..<head { expiry |= UInt64(bytes[index]) << UInt64(index * 8) }
        return EntryBytes(key: key.key, value: Array(bytes[head...]), expiry: expiry, hash: key.hash)
    }

    @unsafe
    func valueOnDisk(_ key: UnsafeRawBufferPointer) throws(StoreError) -> [UInt8]? {
        let uid: UInt64 =
            switch place {
            case .disk(let uid): uid
            case .memory(let reference): reference.cell.uid
            }
        let hash = unsafe KeyedHash.hash(key, seed: type.seed)
        let now = now
        let wanted = unsafe [UInt8](key)
        return try entriesOnDisk(uid, hash, 64).first {
            $0.key == wanted && $0.isThere(at: now)
        }?.value
    }

    // MARK: All entries

    /// Calls `body` with each entry, until it returns false. Each is whole; one that is there all the time is seen once, one
    /// that comes or goes meanwhile may be seen or not. Takes no lock, but to bring in what only the disk has.
    func forEach(_ body: (EntryBytes) throws(StoreError) -> Bool) throws(StoreError) {
        for index in 0..<DictionaryShape.stripeCount {
            guard case .memory(let reference) = place else {
                guard case .disk(let uid) = place else { return }
                let (entries, now) = (try entriesOnDisk(uid, UInt64(index), Int(DictionaryShape.stripeShift)), now)
                for entry in entries where entry.isThere(at: now) { if try !body(entry) { return } }
                continue
            }
            // In the order of the hash's bits from the last on: a bucket's halves are both where the bucket was.
            var place: UInt64? = 0
            while let start = place {
                let (entries, depth) = try entries(reference, index, start)
                for entry in entries { if try !body(entry) { return } }
                let end = start.addingReportingOverflow(depth == 0 ? 0 : 1 << UInt64(64 - depth))
                place = depth == 0 || end.overflow ? nil : end.partialValue
            }
        }
    }

    /// The entries of the bucket at a place of the order, and the bucket's depth.
    private func entries(
        _ reference: DictionaryReference, _ index: Int, _ start: UInt64
    ) throws(StoreError) -> ([EntryBytes], Int) {
        let hash = EntryKey.reversed(start) << DictionaryShape.stripeShift | UInt64(index)
        let now = now
        while true {
            switch try DictionaryReader(reference: reference).place(of: hash) {
            case .loaded(let entries, let depth):
                return (entries.filter { $0.isThere(at: now) }, depth)
            case .unloaded(let depth):
                if attachment.writePolicy != Attachment.readOnly {
                    try load(hash, reference)
                    continue
                }
                let count = Int(DictionaryShape.stripeShift) + depth
                let entries = try entriesOnDisk(reference.cell.uid, hash, count)
                return (entries.filter { $0.isThere(at: now) }, depth)
            }
        }
    }
}

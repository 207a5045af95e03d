import CCellar

/// Finds entries without a lock, writing nothing.
struct DictionaryReader {
    let reference: DictionaryReference

    enum Outcome {
        case found, absent
        /// Only the disk knows.
        case unloaded
    }

    /// One look at the place where the key must be.
    private enum Look {
        case certain(Outcome)
        /// It was being changed, or memory says what cannot be.
        case uncertain(StoreError?)
    }

    /// Looks for the key; `take` copies what it wants from the slot, perhaps more than once: the last time counts.
    ///
    /// Lock-free: repeats only where writers changed the bucket meanwhile.
    @inline(__always) @unsafe
    func find(
        _ key: UnsafeRawBufferPointer, _ hash: UInt64, now: UInt64 = 0,
        _ take: (BucketSlot) throws(StoreError) -> Void
    ) throws(StoreError) -> Outcome {
        let stripe = reference.stripe(of: hash)
        while true {
            let table = try stripe.table()
            let index = table.index(of: hash)
            let entry = table.entry(index).acquire()
            switch unsafe look(key, hash, now, entry, table.entry(index), take) {
            case .certain(.found) where stripe.directory.relaxed() == table.word: return .found
            // That it is not here counts if this is still where it would be.
            case .certain(let outcome)
            where stripe.directory.relaxed() == table.word && table.entry(index).relaxed() == entry:
                return outcome
            case .certain: continue
            case .uncertain(let damage):
                let isSame = stripe.directory.relaxed() == table.word && table.entry(index).relaxed() == entry
                if let damage, isSame { throw damage }
            }
        }
    }

    @inline(__always) @unsafe
    private func look(
        _ key: UnsafeRawBufferPointer, _ hash: UInt64, _ now: UInt64, _ entry: UInt64, _ place: SharedWord,
        _ take: (BucketSlot) throws(StoreError) -> Void
    ) -> Look {
        if entry & Stripe.unloaded != 0 { return .certain(.unloaded) }
        let offset = entry & Stripe.offsetMask
        if offset == 0 { return .certain(.absent) }
        let segment = reference.segment
        guard let bucket = Bucket(entry: entry, reference.shape, in: segment) else {
            return .uncertain(segment.corrupt("a bucket of a dictionary is said to lie at \(offset)"))
        }
        bucket.prefetch(hash)
        // Pairs with the release stores of `StripeWriter`: who sees a slot occupied sees what is in it.
        let seen = bucket.state.acquire()
        var candidates = bucket.candidates(hash) & BucketState(seen).occupied
        while candidates != 0 {
            let slot = bucket.slot(candidates.trailingZeroBitCount)
            if candidates.trailingZeroBitCount < bucket.capacity, unsafe slot.hasKey(key, in: segment) {
                let isExpired = slot.isExpired(now)
                var damage: StoreError?
                if !isExpired { do throws(StoreError) { try take(slot) } catch { damage = error } }
                // The copying loads stay before the next load; pairs with the release fences in `StripeWriter`.
                SharedFence.acquire()
                guard bucket.state.relaxed() == seen else { return .uncertain(nil) }
                if let damage { return .uncertain(damage) }
                if reference.stripeCapacity != 0, !segment.isReadOnly {
                    Bucket.noteUse(of: candidates.trailingZeroBitCount, bucket.used)
                }
                return .certain(isExpired ? .absent : .found)
            }
            candidates &= candidates &- 1
        }
        // That it is not here counts if this was where it would be at a moment at which the state was this: the bucket may have
        // been free meanwhile, without entries, and be back here. (tools/models/dictionary-split.pml: STATE_THEN_ENTRY.)
        SharedFence.acquire()
        let isThere = place.relaxed() == entry
        SharedFence.acquire()
        return isThere && bucket.state.relaxed() == seen ? .certain(.absent) : .uncertain(nil)
    }

    /// Copies a plain value.
    @inline(__always) @unsafe
    func copyValue(of slot: BucketSlot, to target: UnsafeMutableRawPointer, size: Int) {
        if reference.shape.isWordValued {
            // No crash point: memory of this process alone.
            // One load: the word may be replaced in one step without a new version.
            var word = slot.valueWord.acquire()
            unsafe target.copyMemory(from: &word, byteCount: size)
        } else {
            unsafe SharedBytes.copyOutAligned(slot.plainValue, target, count: size)
        }
    }

    /// The value's bytes, whatever its type.
    func valueBytes(of slot: BucketSlot) throws(StoreError) -> [UInt8] {
        guard let (address, count) = unsafe slot.value(in: reference.segment) else { throw badBlock }
        return unsafe Self.copy(address, count)
    }

    func keyBytes(of slot: BucketSlot) throws(StoreError) -> [UInt8] {
        guard let (address, count) = unsafe slot.key(in: reference.segment) else { throw badBlock }
        return unsafe Self.copy(address, count)
    }

    @unsafe
    private static func copy(_ address: UnsafeMutableRawPointer, _ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let base = buffer.baseAddress {
                unsafe SharedBytes.copyOut(address, UnsafeMutableRawPointer(base), count: count)
            }
            initialized = count
        }
    }

    var badBlock: StoreError { reference.segment.corrupt("an entry of a dictionary is said to lie outside of it") }
}

/// One entry of a dictionary, as bytes.
struct EntryBytes: Hashable, Sendable {
    var key: [UInt8]
    var value: [UInt8]
    var expiry: UInt64
    var hash: UInt64

    /// Whether it has not expired.
    func isThere(at now: UInt64) -> Bool { expiry == 0 || expiry > now }
}

extension DictionaryReader {
    /// All entries of a bucket as of one moment, with its depth.
    func entries(of bucket: Bucket) throws(StoreError) -> (entries: [EntryBytes], depth: Int, state: UInt64) {
        while true {
            let seen = bucket.state.acquire()
            var entries: [EntryBytes] = []
            var damage: StoreError?
            do throws(StoreError) {
                for index in 0..<bucket.capacity where BucketState(seen).occupied & 1 << UInt16(index) != 0 {
                    entries.append(try entry(bucket.slot(index)))
                }
            } catch { damage = error }
            SharedFence.acquire()
            guard bucket.state.relaxed() == seen else { continue }
            if let damage { throw damage }
            return (entries, BucketState(seen).depth, seen)
        }
    }

    /// What is where a hash leads to.
    enum Place {
        case loaded(entries: [EntryBytes], depth: Int)
        /// Only the disk knows.
        case unloaded(depth: Int)
    }

    /// All entries where a hash leads to, as of one moment.
    func place(of hash: UInt64) throws(StoreError) -> Place {
        let stripe = reference.stripe(of: hash)
        while true {
            let table = try stripe.table()
            let index = table.index(of: hash)
            let entry = table.entry(index).acquire()
            let depth = StripeTable.depth(ofEntry: entry)
            guard depth <= table.depth else {
                // Of a table that was outgrown meanwhile, the memory may be used for something else.
                if stripe.directory.relaxed() != table.word { continue }
                throw misplaced
            }
            if entry & Stripe.unloaded != 0 {
                // Of a place that is just being split, one half.
                let isSplit = table.isSplit(own: StripeTable.own(index, depth: depth), depth: depth)
                return .unloaded(depth: isSplit ? depth + 1 : depth)
            }
            var found: [EntryBytes] = []
            var state = UInt64(depth) << 16
            var damage: StoreError?
            var bucket: Bucket?
            do throws(StoreError) {
                bucket = try stripe.bucket(at: entry)
                if let bucket { (found, _, state) = try entries(of: bucket) }
            } catch { damage = error }
            SharedFence.acquire()
            guard stripe.directory.relaxed() == table.word, table.entry(index).relaxed() == entry else { continue }
            if let damage { throw damage }
            // The bucket may have been free when it was read, and be back here: see `find`.
            SharedFence.acquire()
            if let bucket, bucket.state.relaxed() != state { continue }
            guard BucketState(state).depth == depth else { throw misplaced }
            return .loaded(entries: found, depth: depth)
        }
    }

    private var misplaced: StoreError { reference.segment.corrupt("a bucket of a dictionary is not where it belongs") }

    func entry(_ slot: BucketSlot) throws(StoreError) -> EntryBytes {
        let key = try keyBytes(of: slot)
        let hash = unsafe key.withUnsafeBytes { unsafe reference.hash($0) }
        return EntryBytes(
            key: key, value: try valueBytes(of: slot), expiry: reference.shape.expires ? slot.expiry.relaxed() : 0,
            hash: hash)
    }
}

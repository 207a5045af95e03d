import CCellar

/// Changes a stripe's entries. Everything under the stripe's lock, after `recover` where a holder died.
struct StripeWriter {
    let stripe: Stripe
    /// How long to wait for the segment's allocation lock, where the stripe needs more memory.
    var patience: Duration = .zero

    var segment: Segment { stripe.segment }
    var shape: DictionaryShape { stripe.shape }
    var memory: StripeMemory { StripeMemory(stripe: stripe, patience: patience) }
    var intent: StripeIntent { StripeIntent(stripe: stripe) }
    var reader: DictionaryReader { DictionaryReader(reference: stripe.reference) }

    /// Where a hash leads to.
    struct Position {
        var table: StripeTable
        /// The bucket's own index in the directory.
        var own: Int
        var depth: Int
        var entry: UInt64
        var bucket: Bucket?
        var isUnloaded: Bool { entry & Stripe.unloaded != 0 }
    }

    func position(of hash: UInt64) throws(StoreError) -> Position {
        let table = try stripe.table()
        return try position(at: table.index(of: hash), in: table)
    }

    func position(at index: Int, in table: StripeTable) throws(StoreError) -> Position {
        let entry = table.entry(index).relaxed()
        let depth = StripeTable.depth(ofEntry: entry)
        guard depth <= table.depth else { throw segment.corrupt("a bucket of a dictionary has depth \(depth)") }
        return Position(
            table: table, own: StripeTable.own(index, depth: depth), depth: depth, entry: entry,
            bucket: try stripe.bucket(at: entry))
    }

    /// The slot that has the key.
    @unsafe
    func find(_ key: UnsafeRawBufferPointer, _ hash: UInt64, in bucket: Bucket) -> Int? {
        var candidates = bucket.candidates(hash) & BucketState(bucket.state.relaxed()).occupied
        while candidates != 0 {
            let index = candidates.trailingZeroBitCount
            if index < bucket.capacity, unsafe bucket.slot(index).hasKey(key, in: segment) { return index }
            candidates &= candidates &- 1
        }
        return nil
    }

    // MARK: Put and remove

    /// Sets the value of a key. The place must be loaded. Returns whether the key is new.
    ///
    /// Steps: 1. room, by a larger bucket or two where there is none; 2. the intent; 3. the block, if it needs one; 4. a new
    /// version; 5. the entry in a free slot; 6. the state: it is there, and the old one gone; 7. the old one's block.
    @unsafe @discardableResult
    func put(
        _ key: UnsafeRawBufferPointer, _ hash: UInt64, _ value: UnsafeRawBufferPointer, expiry: UInt64,
        marks: Bool = true
    ) throws(StoreError) -> Bool {
        var position = try position(of: hash)
        var old: Int?
        if let bucket = position.bucket { old = unsafe find(key, hash, in: bucket) }
        if let bucket = position.bucket, let old, shape.isWordValued, !shape.hasBlocks {
            unsafe replaceWord(bucket.slot(old), value)
            if marks { markDirty(position) }
            return false
        }
        while position.bucket.map({ needsRoom($0, isNew: old == nil) }) ?? true {
            try makeRoom(position)
            position = try self.position(of: hash)
            if let bucket = position.bucket { old = unsafe find(key, hash, in: bucket) }
        }
        guard let bucket = position.bucket else { throw segment.corrupt("a bucket of a dictionary is missing") }
        let new = freeSlot(bucket, hash)
        let count = stripe.count.relaxed() &+ (old == nil && marks ? 1 : 0)
        intent.begin(
            .put, bucket: bucket.offset, place: StripeIntent.slots(new: new, old: old), countAfter: count)
        let slot = bucket.slot(new)
        let block = unsafe try writeBlock(key, value)
        let state = BucketState(bucket.state.relaxed()).next()
        bucket.state.setRelaxed(state.word)
        crashPoint("put: new version")
        // The new version stays before the slot's bytes; pairs with the acquire fence in `DictionaryReader`.
        SharedFence.release()
        unsafe fill(slot, key, value, expiry, block)
        bucket.setTag(new, hash)
        crashPoint("put: slot filled in")
        try commit(bucket, state, new: new, old: old)
        if marks { markDirty(position) }
        intent.end()
        return old == nil
    }

    /// Removes a slot's entry. Steps: 1. the intent; 2. the state: it is gone; 3. its block; 4. a smaller bucket, for which there
    /// may have to be memory.
    func remove(_ index: Int, at position: Position, shrinks: Bool = true) throws(StoreError) {
        guard let bucket = position.bucket else { return }
        intent.begin(
            .put, bucket: bucket.offset, place: StripeIntent.slots(new: nil, old: index),
            countAfter: stripe.count.relaxed() &- 1)
        try commit(bucket, BucketState(bucket.state.relaxed()), new: nil, old: index)
        markDirty(position)
        intent.end()
        if shrinks { try shrink(position, bucket) }
    }

    func markDirty(_ position: Position) {
        position.table.markDirty(position.own)
        crashPoint("stripe: bucket dirty")
    }

    @unsafe
    private func replaceWord(_ slot: BucketSlot, _ value: UnsafeRawBufferPointer) {
        var word: UInt64 = 0
        for index in 0..<min(value.count, 8) { word |= UInt64(unsafe value[index]) << UInt64(index * 8) }
        slot.valueWord.release(word)
        crashPoint("put: word replaced")
    }

    /// The step that both have in common: the state's store, and what follows from it.
    private func commit(_ bucket: Bucket, _ state: BucketState, new: Int?, old: Int?) throws(StoreError) {
        var occupied = state.occupied
        if let new { occupied |= 1 << UInt16(new) }
        if let old { occupied &= ~(1 << UInt16(old)) }
        // Pairs with the acquire load in `DictionaryReader`: who sees the slot occupied sees its entry.
        bucket.state.release(state.next(occupied: occupied).word)
        crashPoint("put: state changed")
        if let old { try freeBlock(of: bucket.slot(old)) }
    }

    private func freeBlock(of slot: BucketSlot) throws(StoreError) {
        // No crash point: `StripeMemory` has them.
        guard shape.hasBlocks else { return }
        let size = shape.blockSize(keyCount: slot.keyCount, valueCount: slot.valueCount)
        guard size >= 0, size <= DictionaryShape.largestBlock else {
            throw segment.corrupt("an entry of a dictionary is said to have \(size) bytes")
        }
        if slot.block.relaxed() != 0 { try memory.giveBack(slot.block.relaxed(), size) }
    }

    // MARK: Parts

    private func freeSlot(_ bucket: Bucket, _ hash: UInt64) -> Int {
        let occupied = BucketState(bucket.state.relaxed()).occupied
        let preferred = bucket.preferred(hash)
        if occupied & 1 << UInt16(preferred) == 0 { return preferred }
        return (~occupied).trailingZeroBitCount
    }

    /// One slot always stays free, so that an entry can be replaced.
    private func needsRoom(_ bucket: Bucket, isNew: Bool) -> Bool {
        BucketState(bucket.state.relaxed()).count + (isNew ? 1 : 0) >= bucket.capacity
    }

    @unsafe
    private func writeBlock(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(StoreError) -> UInt64 {
        guard shape.hasBlocks else { return 0 }
        let size = shape.blockSize(keyCount: key.count, valueCount: value.count)
        stripe.second.setRelaxed(UInt64(size))
        let offset = try memory.take(size) { intent.add(block: $0) }
        let target = unsafe try segment.require(offset, count: size, alignment: 16, "a dictionary's block")
        var place = unsafe target
        if shape.keySize == nil, let base = key.baseAddress {
            unsafe SharedBytes.copyIn(base, place, count: key.count)
            unsafe place += key.count
        }
        if shape.valueSize == nil, let base = value.baseAddress {
            unsafe SharedBytes.copyIn(base, place, count: value.count)
        }
        crashPoint("put: block filled in")
        return offset
    }

    @unsafe
    private func fill(
        _ slot: BucketSlot, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ expiry: UInt64,
        _ block: UInt64
    ) {
        // No crash point: the slot is free.
        if shape.expires { slot.expiry.setRelaxed(expiry) }
        if shape.keySize != nil { unsafe SharedBytes.copyInAligned(key.baseAddress!, slot.plainKey, count: key.count) }
        if shape.valueSize != nil {
            unsafe SharedBytes.copyInAligned(value.baseAddress!, slot.plainValue, count: value.count)
        }
        guard shape.hasBlocks else { return }
        slot.block.setRelaxed(block)
        slot.lengths.setRelaxed(UInt64(key.count) | UInt64(value.count) << 32)
    }
}

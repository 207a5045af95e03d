import CCellar

/// A dictionary's entries whose key and value lie in their slot and never expire: what `DictionaryReader` and `StripeWriter` do
/// with them, where it is what mostly happens, in as few instructions as that takes. Anything else is left to those.
///
/// Counts no references, and goes without a branch that depends on memory, but for those that nearly always go the same way:
/// so that a processor goes on with the next search while it waits for the memory of this one.
@safe
struct PlainEntries: @unchecked Sendable {
    private let memory: SegmentMemory
    private let stripes: UnsafeMutableRawPointer
    private let seed: UInt64
    let keySize: Int
    let valueSize: Int
    let slotSize: Int
    let valueOffset: Int
    /// Whether there is a limit, so that readers are to say which entries they use.
    let isLimited: Bool
    private let isReadOnly: Bool

    enum Outcome { case found, absent, unsure }

    /// Nil where the dictionary has other entries.
    init?(_ reference: DictionaryReference) {
        let shape = reference.shape
        guard let keySize = shape.keySize, let valueSize = shape.valueSize, !shape.expires else { return nil }
        memory = reference.segment.memory
        unsafe stripes = reference.stripe(0).address
        seed = reference.seed
        self.keySize = keySize
        self.valueSize = valueSize
        slotSize = shape.slotSize
        valueOffset = shape.valueOffset
        isLimited = reference.stripeCapacity != 0
        isReadOnly = reference.segment.isReadOnly
    }

    // MARK: Places

    /// Where a hash leads to: the words on the way, what they were, and the bucket.
    @safe
    struct Place {
        let directory: SharedWord
        let table: UInt64
        let word: SharedWord
        let entry: UInt64
        let bucket: UnsafeMutableRawPointer
        let capacity: Int

        @inline(__always) var state: SharedWord { unsafe SharedWord(bucket + CELLAR_BUCKET_STATE) }
        @inline(__always) var used: SharedWord { unsafe SharedWord(bucket + CELLAR_BUCKET_USED) }
        /// Whether it is still the place.
        @inline(__always) var isSame: Bool { directory.relaxed() == table && word.relaxed() == entry }
    }

    /// The place of a hash, and its cache lines asked for; nil where there is no bucket, or not everything is.
    @inline(__always)
    func place(of hash: UInt64) -> Place? {
        let directory = unsafe SharedWord(stripes + (DictionaryShape.stripeOffset(hash) &+ CELLAR_STRIPE_DIRECTORY))
        // Pairs with the release store of whoever replaced the table: who sees it sees its entries.
        let table = directory.acquire()
        guard let word = StripeTable.place(of: hash, in: table, memory) else { return nil }
        // Pairs with the release stores in `StripeWriter`: who sees a bucket's offset sees the bucket.
        let entry = word.acquire()
        let capacity = Bucket.capacity(ofEntry: entry)
        guard entry & Stripe.unloaded == 0,
            let bucket = unsafe memory.pointer(
                entry & Stripe.offsetMask, count: 64 &+ capacity &* slotSize, alignment: 16)
        else { return nil }
        let place = unsafe Place(
            directory: directory, table: table, word: word, entry: entry, bucket: bucket, capacity: capacity)
        unsafe Bucket.prefetch(slot(Bucket.preferred(hash, capacity), of: place), slotSize)
        return place
    }

    @inline(__always)
    func slot(_ index: Int, of place: Place) -> UnsafeMutableRawPointer {
        unsafe place.bucket + (64 &+ index &* slotSize)
    }

    @inline(__always) @unsafe
    func hash(_ key: UnsafeRawPointer, _ keyCount: Int) -> UInt64 { unsafe KeyedHash.hash(key, keyCount, seed: seed) }

    /// The slot that has the key, of those that are occupied; nil if none has.
    @inline(__always) @unsafe
    func find(
        _ key: UnsafeRawPointer, _ keyCount: Int, _ hash: UInt64, in place: Place, _ occupied: UInt16
    ) -> Int? {
        var candidates = unsafe Bucket.candidates(hash, place.bucket) & occupied
        while candidates != 0 {
            let index = candidates.trailingZeroBitCount
            if index < place.capacity, unsafe SharedBytes.equal(slot(index, of: place), key, keyCount) { return index }
            candidates &= candidates &- 1
        }
        return nil
    }

    // MARK: Reading

    /// Looks once for the key, and copies its value to `target`. A constant count of the key's bytes becomes straight code.
    @inline(__always) @unsafe
    func copyValue(
        _ key: UnsafeRawPointer, _ keyCount: Int, to target: UnsafeMutableRawPointer, size: Int
    ) -> Outcome {
        guard keyCount == keySize, size == valueSize else { return .unsure }
        let hash = unsafe hash(key, keyCount)
        guard let place = place(of: hash) else { return .unsure }
        // Pairs with the release stores of writers: who sees a slot occupied sees what is in it.
        let seen = place.state.acquire()
        guard let index = unsafe find(key, keyCount, hash, in: place, BucketState(seen).occupied) else {
            // That it is not here counts if this was its place at a moment at which the state was this: the place first, as in
            // `DictionaryReader`, where the reason is.
            SharedFence.acquire()
            let isSame = place.isSame
            SharedFence.acquire()
            return isSame && place.state.relaxed() == seen ? .absent : .unsure
        }
        unsafe copy(slot(index, of: place) + valueOffset, target, size)
        // The copying loads stay before the next load; pairs with the writers' release fences.
        SharedFence.acquire()
        guard place.state.relaxed() == seen, place.directory.relaxed() == place.table else { return .unsure }
        if isLimited, !isReadOnly { Bucket.noteUse(of: index, place.used) }
        return .found
    }

    @inline(__always) @unsafe
    private func copy(_ value: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer, _ size: Int) {
        // No crash point: memory of this process alone.
        if size > 8 { return unsafe SharedBytes.copyOutChecked(value, target, count: size) }
        // One load: the word may be replaced in one step without a new version.
        var word = unsafe SharedWord(value).acquire()
        unsafe target.copyMemory(from: &word, byteCount: size)
    }
}

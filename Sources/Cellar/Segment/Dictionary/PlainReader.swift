import CCellar

/// Finds entries whose key and value lie in their slot and never expire: what `DictionaryReader` does, in as few
/// instructions as that takes. Where anything is not as it mostly is, it says so, and the other one looks.
///
/// Counts no references, and goes without a branch that depends on memory, but for those that nearly always go the same way:
/// so that a processor goes on with the next search while it waits for the memory of this one.
@safe
struct PlainReader: @unchecked Sendable {
    private let memory: SegmentMemory
    private let stripes: UnsafeMutableRawPointer
    private let seed: UInt64
    private let keySize: Int
    private let valueSize: Int
    private let slotSize: Int
    private let valueOffset: Int
    /// Whether readers are to say which entries they use.
    private let notesUse: Bool

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
        notesUse = reference.stripeCapacity != 0 && !reference.segment.isReadOnly
    }

    /// Looks once for the key, and copies its value to `target`. A constant count of the key's bytes becomes straight code.
    @inline(__always) @unsafe
    func copyValue(
        _ key: UnsafeRawPointer, _ keyCount: Int, to target: UnsafeMutableRawPointer, size: Int
    ) -> Outcome {
        guard keyCount == keySize, size == valueSize else { return .unsure }
        let hash = unsafe KeyedHash.hash(key, keyCount, seed: seed)
        let stripe = unsafe stripes + DictionaryShape.stripeOffset(hash)
        let directory = unsafe SharedWord(stripe + CELLAR_STRIPE_DIRECTORY)
        // Pairs with the release store of whoever replaced the table: who sees it sees its entries.
        let table = directory.acquire()
        guard let place = StripeTable.place(of: hash, in: table, memory) else { return .unsure }
        // Pairs with the release stores in `StripeWriter`: who sees a bucket's offset sees the bucket.
        let entry = place.acquire()
        let capacity = Bucket.capacity(ofEntry: entry)
        guard entry & Stripe.unloaded == 0,
            let bucket = unsafe memory.pointer(
                entry & Stripe.offsetMask, count: 64 &+ capacity &* slotSize, alignment: 16)
        else { return .unsure }
        let slots = unsafe bucket + 64
        unsafe Bucket.prefetch(slots + Bucket.preferred(hash, capacity) &* slotSize, slotSize)
        let state = unsafe SharedWord(bucket + CELLAR_BUCKET_STATE)
        // Pairs with the release stores of `StripeWriter`: who sees a slot occupied sees what is in it.
        let seen = state.acquire()
        var candidates = unsafe Bucket.candidates(hash, bucket) & UInt16(truncatingIfNeeded: seen)
        while candidates != 0 {
            let index = candidates.trailingZeroBitCount
            let slot = unsafe slots + index &* slotSize
            if index < capacity, unsafe SharedBytes.equal(slot, key, keyCount) {
                unsafe copy(slot + valueOffset, target, size)
                // The copying loads stay before the next load; pairs with the release fences in `StripeWriter`.
                SharedFence.acquire()
                guard state.relaxed() == seen, directory.relaxed() == table else { return .unsure }
                if notesUse { unsafe noteUse(SharedWord(bucket + CELLAR_BUCKET_USED), index) }
                return .found
            }
            candidates &= candidates &- 1
        }
        SharedFence.acquire()
        // That it is not here counts if this is still where it would be.
        return state.relaxed() == seen && directory.relaxed() == table && place.relaxed() == entry ? .absent : .unsure
    }

    @inline(__always) @unsafe
    private func copy(_ value: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer, _ size: Int) {
        // No crash point: memory of this process alone.
        if size > 8 { return unsafe SharedBytes.copyOutChecked(value, target, count: size) }
        // One load: the word may be replaced in one step without a new version.
        var word = unsafe SharedWord(value).acquire()
        unsafe target.copyMemory(from: &word, byteCount: size)
    }

    @inline(never)
    private func noteUse(_ used: SharedWord, _ slot: Int) {
        // No crash point: a hint.
        let bit: UInt64 = 1 << UInt64(slot)
        if used.relaxed() & bit == 0 { used.formOr(bit) }
    }
}

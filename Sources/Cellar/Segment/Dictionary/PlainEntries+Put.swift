import CCellar

extension PlainEntries {
    /// Sets the value of a key, under the stripe's lock, if the bucket that it leads to has room; false if not: nothing was
    /// changed. The steps are those of `StripeWriter.put`, and so is the record of them that a successor follows.
    @inline(__always) @unsafe
    func put(
        _ key: UnsafeRawPointer, _ keyCount: Int, _ hash: UInt64, _ value: UnsafeRawPointer, in stripe: Stripe
    ) -> Bool {
        guard let place = place(of: hash) else { return false }
        let depth = StripeTable.depth(ofEntry: place.entry)
        let tableDepth = StripeTable.depth(of: place.table)
        guard depth <= tableDepth else { return false }
        let state = BucketState(place.state.relaxed())
        let free = ~state.occupied & UInt16(truncatingIfNeeded: (1 &<< place.capacity) &- 1)
        let preferred = Bucket.preferred(hash, place.capacity)
        let new = free & 1 &<< UInt16(truncatingIfNeeded: preferred) != 0 ? preferred : free.trailingZeroBitCount
        // One slot always stays free, so that an entry can be replaced.
        guard new < place.capacity else { return false }
        let target = unsafe slot(new, of: place)
        unsafe cellar_prefetch_to_write(target)
        unsafe cellar_prefetch_to_write(target + (slotSize &- 1))
        let old = unsafe find(key, keyCount, hash, in: place, state.occupied)
        let index = StripeTable.index(of: hash, tableDepth)
        let own = StripeTable.own(index, depth: depth)
        // The dirty bits stand before the entries.
        let dirty = unsafe place.word.advanced(by: (own &>> 6) &- index &- StripeTable.dirtyWords(tableDepth))
        if let old {
            if valueSize <= 8 {
                unsafe replaceWord(slot(old, of: place) + valueOffset, value)
                markDirty(own, dirty)
                return true
            }
        } else if free & (free &- 1) == 0 {
            return false
        }
        let intent = StripeIntent(stripe: stripe)
        intent.begin(
            .put, bucket: place.entry & Stripe.offsetMask, place: StripeIntent.slots(new: new, old: old),
            countAfter: stripe.count.relaxed() &+ (old == nil ? 1 : 0))
        let next = state.next()
        place.state.setRelaxed(next.word)
        crashPoint("plain put: new version")
        // The new version stays before the slot's bytes; pairs with the acquire fence of readers.
        SharedFence.release()
        unsafe SharedBytes.copyInAligned(key, target, count: keyCount)
        unsafe SharedBytes.copyInAligned(value, target + valueOffset, count: valueSize)
        unsafe Bucket.setTag(new, hash, of: place.bucket)
        crashPoint("plain put: slot filled in")
        var occupied = state.occupied | 1 &<< UInt16(truncatingIfNeeded: new)
        if let old { occupied &= ~(1 &<< UInt16(truncatingIfNeeded: old)) }
        // Pairs with the acquire load of readers: who sees the slot occupied sees its entry.
        place.state.release(next.next(occupied: occupied).word)
        crashPoint("plain put: state changed")
        markDirty(own, dirty)
        intent.end()
        return true
    }

    @inline(__always) @unsafe
    private func replaceWord(_ place: UnsafeMutableRawPointer, _ value: UnsafeRawPointer) {
        // In slots, what is left of the last word is not looked at.
        var word: UInt64 = 0
        unsafe withUnsafeMutableBytes(of: &word) { bytes in
            unsafe bytes.baseAddress!.copyMemory(from: value, byteCount: valueSize)
        }
        // Pairs with the acquire load of readers.
        unsafe SharedWord(place).release(word)
        crashPoint("plain put: word replaced")
    }

    @inline(__always)
    private func markDirty(_ own: Int, _ bits: SharedWord) {
        StripeTable.markDirty(own, bits)
        crashPoint("plain put: bucket dirty")
    }
}

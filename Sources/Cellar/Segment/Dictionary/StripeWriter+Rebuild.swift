import CCellar

/// Buckets that become too small, or too large, are built anew.
extension StripeWriter {
    /// Makes room for one more entry where the position leads to: a first bucket, a larger one, or two in its place.
    func makeRoom(_ position: Position) throws(StoreError) {
        guard let bucket = position.bucket else {
            return try rebuild(position, nil, capacities: [Bucket.capacities[0]])
        }
        if bucket.capacity < Bucket.capacities.last! {
            return try rebuild(position, bucket, capacities: [bucket.capacity + 4])
        }
        guard position.depth < StripeTable.maximumDepth else {
            throw StoreError(.limitReached, "too many of the dictionary's keys have the same hash")
        }
        if position.depth == position.table.depth { try growDirectory() }
        let grown = try stripe.table()
        let again = try self.position(at: position.own, in: grown)
        let bit = UInt64(1) << UInt64(position.depth)
        var counts = [0, 0]
        for index in occupied(bucket) {
            counts[try hash(of: bucket.slot(index)) >> DictionaryShape.stripeShift & bit == 0 ? 0 : 1] += 1
        }
        try rebuild(again, bucket, capacities: counts.map(capacity))
    }

    /// The least bucket that holds so many entries with one slot free.
    private func capacity(for count: Int) -> Int { min(max((count + 4) / 4 * 4, 4), 16) }

    private func occupied(_ bucket: Bucket) -> [Int] {
        let state = BucketState(bucket.state.relaxed())
        return (0..<bucket.capacity).filter { state.occupied & 1 << UInt16($0) != 0 }
    }

    private func hash(of slot: BucketSlot) throws(StoreError) -> UInt64 {
        guard let (address, count) = unsafe slot.key(in: segment) else { throw reader.badBlock }
        return unsafe stripe.reference.hash(UnsafeRawBufferPointer(start: address, count: count))
    }

    /// After a removal: a bucket that is far too large gives its memory back.
    func shrink(_ position: Position, _ bucket: Bucket) throws(StoreError) {
        let count = BucketState(bucket.state.relaxed()).count
        if count == 0 { return try rebuild(position, bucket, capacities: []) }
        if count + 9 <= bucket.capacity { try rebuild(position, bucket, capacities: [capacity(for: count)]) }
    }

    /// Puts new buckets (none, one, or one for each half) in the place of the one there, if any.
    ///
    /// Steps: 1. the intent; 2. the new buckets, with copies of the entries; 3. the directory's entry at the own index: done;
    /// 4. its other entries; 5. the old bucket. Until 5 the old one has everything, for who came by an older entry.
    private func rebuild(_ position: Position, _ old: Bucket?, capacities: [Int]) throws(StoreError) {
        intent.begin(
            .rebuild, bucket: old?.offset ?? 0, place: UInt64(position.own) | UInt64(position.depth) << 32)
        var new: [Bucket] = []
        let depth = position.depth + (capacities.count == 2 ? 1 : 0)
        for (half, capacity) in capacities.enumerated() {
            let bucket = try memory.takeBucket(capacity) { half == 0 ? intent.add(block: $0) : intent.add(second: $0) }
            new.append(bucket)
            try copy(old, to: bucket, depth: depth, half: capacities.count == 2 ? UInt64(half) : nil)
        }
        crashPoint("rebuild: copied")
        try publish(position, new.map(\.offset))
        if let old { try memory.giveBack(old) }
        intent.end()
    }

    private func copy(_ old: Bucket?, to bucket: Bucket, depth: Int, half: UInt64?) throws(StoreError) {
        let fresh = BucketState(bucket.state.relaxed()).next(occupied: 0, depth: depth)
        bucket.state.setRelaxed(fresh.word)
        SharedFence.release()
        let mask = try old.map { (old) throws(StoreError) in try copyEntries(of: old, to: bucket, depth, half) } ?? 0
        crashPoint("rebuild: entries copied")
        bucket.state.release(fresh.next(occupied: mask).word)
        crashPoint("rebuild: state written")
    }

    /// Copies all entries, or those of one half. Returns the slots that they are in.
    private func copyEntries(
        of old: Bucket, to bucket: Bucket, _ depth: Int, _ half: UInt64?
    ) throws(StoreError) -> UInt16 {
        // No crash point: nobody finds the bucket yet.
        var mask: UInt16 = 0
        var left: [(source: BucketSlot, hash: UInt64)] = []
        func put(_ source: BucketSlot, _ hash: UInt64, in target: Int) {
            // No crash point: likewise.
            unsafe SharedBytes.copyInAligned(source.address, bucket.slot(target).address, count: shape.slotSize)
            bucket.setTag(target, hash)
            mask |= 1 << UInt16(target)
        }
        for index in occupied(old) {
            let source = old.slot(index)
            let hash = try hash(of: source)
            if let half, hash >> (DictionaryShape.stripeShift + UInt64(depth - 1)) & 1 != half { continue }
            let preferred = bucket.preferred(hash)
            if mask & 1 << UInt16(preferred) == 0 {
                put(source, hash, in: preferred)
            } else {
                left.append((source, hash))
            }
        }
        // Only now, so that they take no place that another would rather have.
        for (source, hash) in left {
            let target = (~mask).trailingZeroBitCount
            guard target < bucket.capacity else { throw segment.corrupt("a bucket of a dictionary is too full") }
            put(source, hash, in: target)
        }
        return mask
    }

    /// Has the directory lead to the new buckets; what it does can be done again.
    func publish(_ position: Position, _ new: [UInt64]) throws(StoreError) {
        let (own, table) = (position.own, position.table)
        let depth = position.depth + (new.count == 2 ? 1 : 0)
        for half in 0..<max(new.count, 1) {
            let bucket = new.isEmpty ? nil : Bucket(at: new[half], shape, in: segment)
            guard new.isEmpty || bucket != nil else { throw segment.corrupt("a new bucket of a dictionary is none") }
            let entry = StripeTable.entry(bucket, depth: depth, isUnloaded: position.isUnloaded)
            let first = own + half << position.depth
            // Pairs with the acquire load in `DictionaryReader`: who sees a bucket's offset sees the bucket.
            for index in table.indices(own: first, depth: depth) {
                table.entry(index).release(entry)
                crashPoint("rebuild: directory entry changed")
            }
            // A checkpoint may have taken the place as it was, and not looked at it yet.
            if half == 1 { table.markDirty(first) }
        }
    }

    // MARK: The directory

    /// A directory of twice the size. Steps: 1. the intent and the memory; 2. the entries, twice; 3. the word: done.
    func growDirectory() throws(StoreError) {
        let table = try stripe.table()
        let depth = table.depth + 1
        guard depth <= StripeTable.maximumDepth else {
            throw StoreError(.limitReached, "a dictionary's directory cannot grow any further")
        }
        intent.begin(.grow, bucket: 0, place: 0)
        let size = StripeTable.blockSize(depth)
        stripe.second.setRelaxed(UInt64(size))
        let offset = try memory.take(size) { intent.add(block: $0) }
        let larger = try StripeTable(offset | UInt64(depth) << 48, in: segment)
        for word in 0..<StripeTable.dirtyWords(depth) {
            larger.dirty(word).setRelaxed(word < StripeTable.dirtyWords(table.depth) ? table.dirty(word).relaxed() : 0)
        }
        for index in 0..<table.entryCount {
            let entry = table.entry(index).relaxed()
            larger.entry(index).setRelaxed(entry)
            larger.entry(index + table.entryCount).setRelaxed(entry)
        }
        crashPoint("grow stripe: copied")
        // Pairs with the acquire load of readers: who sees the table sees its entries.
        stripe.directory.release(larger.word)
        crashPoint("grow stripe: published")
        try freeTable(table)
        intent.end()
    }

    /// The first table lies in the stripe itself.
    private func freeTable(_ table: StripeTable) throws(StoreError) {
        // No crash point: `StripeMemory` has them.
        if table.depth > 0 { try memory.giveBack(table.offset, StripeTable.blockSize(table.depth)) }
    }

    // MARK: What only the disk has

    /// Says that the disk's entries for this place are to be looked for in two halves.
    func splitUnloaded(_ position: Position) throws(StoreError) {
        if position.depth == position.table.depth { try growDirectory() }
        let table = try stripe.table()
        let depth = position.depth + 1
        // Those that a split before this one, which was cut off, has changed already may be loaded by now.
        for index in table.indices(own: position.own, depth: position.depth)
        where StripeTable.depth(ofEntry: table.entry(index).relaxed()) == position.depth {
            let bucket = table.entry(index).relaxed() & StripeTable.bucketMask
            table.entry(index).release(Stripe.unloaded | UInt64(depth) << 48 | bucket)
            crashPoint("load entries: place split")
        }
    }

    /// False, after finishing it, if a split of the place was cut off.
    func unifyUnloaded(_ position: Position) throws(StoreError) -> Bool {
        guard position.table.isSplit(own: position.own, depth: position.depth) else { return true }
        try splitUnloaded(position)
        return false
    }

    /// Says that everything the disk has for this place is here.
    func setLoaded(_ position: Position) {
        // The own index last: while it says unloaded, whoever comes begins again.
        for index in position.table.indices(own: position.own, depth: position.depth).reversed() {
            let entry = position.table.entry(index)
            entry.release(entry.relaxed() & ~Stripe.unloaded)
            crashPoint("load entries: place loaded")
        }
    }
}

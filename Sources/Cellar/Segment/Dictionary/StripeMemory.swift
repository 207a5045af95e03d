import CCellar

/// One piece of memory that a stripe took from the segment.
@safe
struct Slab {
    let block: Block
    let next: SharedWord

    static let headSize: UInt64 = 32
    /// Bytes at the beginning that may not be handed out.
    static let overhead = headSize + 48
    /// The first byte that is handed out: at the beginning of a cache line, which is where buckets should begin.
    var first: UInt64 { (block.offset + Self.headSize + 63) & ~63 }

    init?(at offset: UInt64, in segment: Segment) {
        guard let address = unsafe segment.pointer(offset, count: Int(Self.headSize), alignment: 16) else { return nil }
        let size = unsafe SharedWord(address + CELLAR_SLAB_SIZE).relaxed()
        guard size >= Self.headSize, unsafe segment.pointer(offset, count: Int(clamping: size)) != nil else {
            return nil
        }
        block = Block(offset: offset, size: size)
        unsafe next = SharedWord(address + CELLAR_SLAB_NEXT)
    }
}

/// Hands out a stripe's memory. Everything under the stripe's lock.
///
/// Blocks for keys and values come in 40 sizes, each with a free list; buckets in four, likewise; what the lists do not have
/// is taken from the end of the newest slab. Before a block leaves its place, `StripeIntent` names it, so that a crash
/// never loses it. Directories that were outgrown and are too large for a list stay unused: together they are smaller
/// than the one in use.
struct StripeMemory {
    let stripe: Stripe
    let patience: Duration

    private var segment: Segment { stripe.segment }
    private static let firstSlab: UInt64 = 2048
    private static let largestSlab: UInt64 = 1 << 18

    // MARK: Sizes

    /// 16, 32, … 128, then four sizes to each doubling, up to 32,768.
    static func sizeClass(_ size: Int) -> Int? {
        if size <= 128 { return max((size + 15) / 16, 1) - 1 }
        guard size <= DictionaryShape.largestBlock else { return nil }
        let doubling = 63 - (size - 1).leadingZeroBitCount - 7
        let quarter = (size - 1 - 128 << doubling) >> (doubling + 5)
        return 8 + doubling * 4 + quarter
    }

    static func size(ofClass index: Int) -> Int {
        index < 8 ? 16 * (index + 1) : (128 + 32 * ((index - 8) % 4 + 1)) << ((index - 8) / 4)
    }

    /// What a block for so many bytes takes up.
    static func rounded(_ size: Int) -> Int {
        sizeClass(size).map { self.size(ofClass: $0) } ?? Rounding.up(size, to: 16)
    }

    // MARK: Taking

    /// Takes a block of at least `size` bytes; `declare` names it before it leaves its place.
    func take(_ size: Int, declare: (UInt64) -> Void) throws(StoreError) -> UInt64 {
        if let sizeClass = Self.sizeClass(size), let block = try takeListed(stripe.freeBlocks(sizeClass), 0, declare) {
            return block
        }
        return try takeFresh(Self.rounded(size), declare)
    }

    /// Takes a bucket without entries, whose version goes on from its last use.
    func takeBucket(_ capacity: Int, declare: (UInt64) -> Void) throws(StoreError) -> Bucket {
        let listed = try takeListed(stripe.freeBuckets(capacity / 4 - 1), CELLAR_BUCKET_NEXT, declare)
        let offset: UInt64
        if let listed { offset = listed } else { offset = try takeFreshBucket(capacity, declare) }
        crashPoint("stripe: bucket taken")
        guard let bucket = Bucket(at: offset, stripe.shape, in: segment), bucket.capacity == capacity else {
            throw segment.corrupt("a free bucket of a dictionary is said to lie at \(offset)")
        }
        return bucket
    }

    private func takeFreshBucket(_ capacity: Int, _ declare: (UInt64) -> Void) throws(StoreError) -> UInt64 {
        try takeFresh(stripe.shape.bucketSize(capacity)) { offset in
            // No crash point: a bucket before it leaves its place, so that who finds it on record can give it back.
            declare(offset)
            guard let address = unsafe segment.pointer(offset, count: 64, alignment: 16) else { return }
            unsafe address.initializeMemory(as: UInt8.self, repeating: 0, count: 64)
            unsafe SharedWord(address + CELLAR_BUCKET_CAPACITY).setRelaxed(UInt64(capacity))
        }
    }

    private func takeListed(_ list: SharedWord, _ link: Int, _ declare: (UInt64) -> Void) throws(StoreError) -> UInt64?
    {
        let offset = list.relaxed()
        if offset == 0 { return nil }
        let next = unsafe SharedWord(try segment.require(offset, count: link + 8, alignment: 16, "a free block") + link)
        declare(offset)
        crashPoint("stripe: free block declared")
        list.release(next.relaxed())
        crashPoint("stripe: free block taken")
        return offset
    }

    private func takeFresh(_ size: Int, _ declare: (UInt64) -> Void) throws(StoreError) -> UInt64 {
        let wanted = UInt64(size)
        if !hasRoom(wanted) { try addSlab(wanted) }
        let offset = stripe.cursor.relaxed()
        guard hasRoom(wanted), unsafe segment.pointer(offset, count: size, alignment: 16) != nil else {
            throw segment.corrupt("memory of a dictionary is said to begin at \(offset)")
        }
        declare(offset)
        crashPoint("stripe: fresh block declared")
        stripe.cursor.release(offset + wanted)
        crashPoint("stripe: fresh block taken")
        return offset
    }

    /// Sees to it that so many bytes can be taken without any from the segment.
    func reserve(_ size: Int) throws(StoreError) {
        // No crash point: `addSlab` has them.
        if size > 0, !hasRoom(UInt64(size)) { try addSlab(UInt64(size)) }
    }

    private func hasRoom(_ size: UInt64) -> Bool {
        let (cursor, end) = (stripe.cursor.relaxed(), stripe.end.relaxed())
        return cursor != 0 && end >= cursor && end - cursor >= size
    }

    /// Takes a larger piece from the segment, under the allocation lock.
    private func addSlab(_ wanted: UInt64) throws(StoreError) {
        let last = Slab(at: stripe.slabs.relaxed(), in: segment)?.block.size ?? Self.firstSlab / 2
        let size = max(min(last * 2, Self.largestSlab), wanted + Slab.overhead)
        let link = unsafe segment.offset(of: stripe.address) + UInt64(CELLAR_STRIPE_SLABS)
        let intent = Intent(segment: segment)
        let slot = Int(stripe.holder.relaxed() & 0xFFFF_FFFF) - 1
        let deadline = MonotonicClock.deadline(after: patience)
        try Catalog(segment: segment).locked(as: slot, until: deadline) { () throws(StoreError) in
            let block = try Allocator(segment: segment).take(Int(size)) {
                intent.begin(.publish, block: $0, other: link)
            }
            let address = unsafe try segment.require(block.offset, count: Int(block.size), alignment: 16, "a slab")
            unsafe SharedWord(address + CELLAR_SLAB_NEXT).setRelaxed(stripe.slabs.relaxed())
            unsafe SharedWord(address + CELLAR_SLAB_SIZE).setRelaxed(block.size)
            crashPoint("stripe: slab written")
            stripe.slabs.release(block.offset)
            crashPoint("stripe: slab listed")
            intent.end()
        }
        try useNewestSlab()
    }

    /// Begins to hand out of the newest slab, if that was not done yet.
    func useNewestSlab() throws(StoreError) {
        let offset = stripe.slabs.relaxed()
        if offset == 0 { return }
        guard let slab = Slab(at: offset, in: segment) else {
            throw segment.corrupt("a slab is said to lie at \(offset)")
        }
        let end = slab.block.offset + slab.block.size
        if stripe.end.relaxed() == end { return }
        // The cursor first: while the end is another slab's, there is no room between them.
        stripe.end.setRelaxed(0)
        stripe.cursor.release(slab.first)
        crashPoint("stripe: cursor moved")
        stripe.end.release(end)
        crashPoint("stripe: slab in use")
    }

    // MARK: Giving back

    /// Puts a block on its free list, or back to the slab it was just taken from; does nothing if it is there already.
    func giveBack(_ offset: UInt64, _ size: Int) throws(StoreError) {
        if isFresh(offset) { return }
        guard let sizeClass = Self.sizeClass(size) else { return }
        try list(offset, stripe.freeBlocks(sizeClass), 0)
    }

    /// The same for a bucket. It has no entries from now on, whoever still looks at it.
    func giveBack(_ bucket: Bucket) throws(StoreError) {
        bucket.state.release(BucketState(bucket.state.relaxed()).next(occupied: 0).word)
        crashPoint("stripe: bucket emptied")
        if isFresh(bucket.offset) { return }
        try list(bucket.offset, stripe.freeBuckets(bucket.sizeClass), CELLAR_BUCKET_NEXT)
    }

    private func list(_ offset: UInt64, _ list: SharedWord, _ link: Int) throws(StoreError) {
        if list.relaxed() == offset { return }
        // What made it nobody's stays before all that is written to it from now on, the link included: no lock may lie between.
        // Pairs with the acquire fence in `DictionaryReader`.
        SharedFence.release()
        let next = unsafe SharedWord(
            try segment.require(offset, count: link + 8, alignment: 16, "a freed block") + link)
        next.setRelaxed(list.relaxed())
        crashPoint("stripe: freed block linked")
        list.release(offset)
        crashPoint("stripe: freed block listed")
    }

    /// Whether the block never left the end of the slab.
    private func isFresh(_ offset: UInt64) -> Bool { offset == stripe.cursor.relaxed() }
}

import CCellar

/// One part of a dictionary, with a lock and memory of its own: the entries whose hash ends in its number.
///
/// A stripe finds its buckets by a directory of 2^depth entries, indexed by the next `depth` bits of the hash (extendible
/// hashing, after Fagin, Nievergelt, Pippenger and Strong, 1979). A bucket whose own depth is less stands in several
/// entries; the least index of them is its own.
///
/// | directory entry | means |
/// |---|---|
/// | depth ≪ 48 | no entry has such a hash |
/// | size ≪ 57 + depth ≪ 48 + offset | the bucket there has them; size says how many slots it has: 4, 8, 12 or 16 |
/// | 1 ≪ 56 + size ≪ 57 + depth ≪ 48 (+ offset) | the disk has them (and some are in the bucket already) |
///
/// `directory` is the table's offset, and its depth above bit 48; a table is replaced by a larger one with one release
/// store, which pairs with the acquire load of readers. Its depth only grows, so the word is never the same again, and a
/// reader who finds it unchanged has not looked at memory that was used for something else.
@safe
struct Stripe {
    let address: UnsafeMutableRawPointer
    let reference: DictionaryReference

    static let unloaded: UInt64 = 1 << 56
    static let offsetMask: UInt64 = (1 << 48) - 1

    var segment: Segment { reference.segment }
    var shape: DictionaryShape { reference.shape }

    private func word(_ field: Int) -> SharedWord { unsafe SharedWord(address + field) }

    var lock: RobustMutex { unsafe RobustMutex(address) }
    var holder: SharedWord { word(CELLAR_STRIPE_HOLDER) }
    @inline(__always) var directory: SharedWord { word(CELLAR_STRIPE_DIRECTORY) }
    var count: SharedWord { word(CELLAR_STRIPE_COUNT) }
    var slabs: SharedWord { word(CELLAR_STRIPE_SLABS) }
    var cursor: SharedWord { word(CELLAR_STRIPE_CURSOR) }
    var end: SharedWord { word(CELLAR_STRIPE_END) }
    var hand: SharedWord { word(CELLAR_STRIPE_HAND) }
    var operation: SharedWord { word(CELLAR_STRIPE_OPERATION) }
    var bucket: SharedWord { word(CELLAR_STRIPE_BUCKET) }
    var place: SharedWord { word(CELLAR_STRIPE_PLACE) }
    var block: SharedWord { word(CELLAR_STRIPE_BLOCK) }
    var second: SharedWord { word(CELLAR_STRIPE_SECOND) }
    var countAfter: SharedWord { word(CELLAR_STRIPE_COUNT_AFTER) }
    func freeBuckets(_ sizeClass: Int) -> SharedWord { word(CELLAR_STRIPE_FREE_BUCKETS + sizeClass * 8) }
    func freeBlocks(_ sizeClass: Int) -> SharedWord { word(CELLAR_STRIPE_FREE_BLOCKS + sizeClass * 8) }

    /// Its place among the stripes, which the hash of its entries ends in.
    var index: UInt64 {
        unsafe UInt64(segment.offset(of: address) &- segment.offset(of: reference.stripe(0).address)) / 512
    }

    /// The table of buckets now.
    @inline(__always)
    func table() throws(StoreError) -> StripeTable { try StripeTable(directory.acquire(), in: segment) }

    /// The same for who holds the lock.
    func bucket(at entry: UInt64) throws(StoreError) -> Bucket? {
        let offset = entry & Self.offsetMask
        if offset == 0 { return nil }
        guard let bucket = Bucket(at: offset, shape, in: segment) else {
            throw segment.corrupt("a bucket of a dictionary is said to lie at \(offset)")
        }
        return bucket
    }
}

/// A stripe's directory, in bounds. Dirty bits, one an entry, stand before the entries: the bit of a bucket's own index says
/// that the next checkpoint is to compare the bucket with the disk. They are changed under the stripe's lock.
@safe
struct StripeTable {
    let word: UInt64
    private let address: UnsafeMutableRawPointer

    static let maximumDepth = 30

    @inline(__always)
    init(_ word: UInt64, in segment: Segment) throws(StoreError) {
        let depth = Int(truncatingIfNeeded: word >> 48)
        guard depth <= Self.maximumDepth,
            let address = unsafe segment.pointer(word & Stripe.offsetMask, count: Self.byteCount(depth))
        else { throw segment.corrupt("a directory of a dictionary is said to lie at \(word & Stripe.offsetMask)") }
        self.word = word
        unsafe self.address = unsafe address
    }

    /// Where the entry that leads to a hash lies in the table that a stripe's word names; nil if that is not known to be in
    /// the segment.
    @inline(__always)
    static func place(of hash: UInt64, in table: UInt64, _ memory: SegmentMemory) -> SharedWord? {
        let depth = Int(truncatingIfNeeded: table >> 48)
        guard depth <= maximumDepth,
            let address = unsafe memory.pointer(table & Stripe.offsetMask, count: byteCount(depth), alignment: 8)
        else { return nil }
        return unsafe SharedWord(address + (dirtyWords(depth) &+ index(of: hash, depth)) &* 8)
    }

    @inline(__always) var depth: Int { Self.depth(of: word) }
    /// The depth of the table that a stripe's word names.
    @inline(__always) static func depth(of word: UInt64) -> Int { Int(truncatingIfNeeded: word >> 48) }
    var offset: UInt64 { word & Stripe.offsetMask }
    var entryCount: Int { 1 << depth }

    @inline(__always)
    static func dirtyWords(_ depth: Int) -> Int { 1 &<< max(depth &- 6, 0) }
    @inline(__always)
    static func byteCount(_ depth: Int) -> Int { (dirtyWords(depth) &+ (1 &<< depth)) &* 8 }
    /// Bytes that are taken for one: whole cache lines, so that buckets behind it begin with one.
    static func blockSize(_ depth: Int) -> Int { Rounding.up(byteCount(depth), to: 64) }

    /// The entry that leads to a hash.
    @inline(__always)
    func index(of hash: UInt64) -> Int { Self.index(of: hash, depth) }

    @inline(__always)
    static func index(of hash: UInt64, _ depth: Int) -> Int {
        Int(truncatingIfNeeded: hash &>> DictionaryShape.stripeShift) & ((1 &<< depth) &- 1)
    }

    @inline(__always)
    func entry(_ index: Int) -> SharedWord { unsafe SharedWord(address + (Self.dirtyWords(depth) &+ index) &* 8) }
    func dirty(_ word: Int) -> SharedWord { unsafe SharedWord(address + word * 8) }

    /// The entry that leads to a bucket, or to none.
    static func entry(_ bucket: Bucket?, depth: Int, isUnloaded: Bool = false) -> UInt64 {
        let place = bucket.map { $0.offset | UInt64($0.sizeClass) << 57 } ?? 0
        return place | UInt64(depth) << 48 | (isUnloaded ? Stripe.unloaded : 0)
    }

    /// What of an entry says where the bucket is, and how large.
    static let bucketMask: UInt64 = Stripe.offsetMask | 3 << 57

    static func depth(ofEntry entry: UInt64) -> Int { Int(truncatingIfNeeded: entry >> 48) & 0xFF }

    /// The least index of the bucket that stands at `index`.
    static func own(_ index: Int, depth: Int) -> Int { index & ((1 << depth) &- 1) }

    /// All indices of a bucket.
    func indices(own: Int, depth local: Int) -> StrideTo<Int> {
        stride(from: own, to: 1 << depth, by: 1 << min(local, depth))
    }

    /// Whether an entry says that this place was split, while another does not yet: of places that only the disk has. The
    /// buckets of others are split in one step.
    func isSplit(own: Int, depth local: Int) -> Bool {
        indices(own: own, depth: local).contains { Self.depth(ofEntry: entry($0).relaxed()) > local }
    }

    func markDirty(_ own: Int) { Self.markDirty(own, dirty(own >> 6)) }

    /// Sets an index's bit in its word of dirty bits.
    @inline(__always)
    static func markDirty(_ own: Int, _ word: SharedWord) {
        // No crash point: callers have one behind it.
        let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: own & 63)
        let bits = word.relaxed()
        // All who change it hold the stripe's lock.
        if bits & bit == 0 { word.setRelaxed(bits | bit) }
    }
}

import CCellar

/// Some entries of a stripe, whose hashes have the last bits in common.
///
/// | part of the state word | means |
/// |---|---|
/// | bits 0–15 | slots that are occupied |
/// | bits 16–23 | depth: how many bits of the hash, behind the stripe's, all entries have in common |
/// | bits 24–63 | version: advanced before a free slot is written, and again with each change of what is occupied |
///
/// A change is one store of the word: a new entry is written into a free slot, and then its bit set, that of the entry it
/// replaces cleared. A reader loads the word (acquire), copies, fences (acquire) and looks again: where the word is the same,
/// no slot that it says is occupied was written meanwhile, nor was the block of one used for something else. A writer
/// that is killed leaves the entries as they were, or changed. Buckets' memory is only ever used as buckets' of the same size,
/// so that the version goes on.
@safe
struct Bucket {
    let offset: UInt64
    let address: UnsafeMutableRawPointer
    let capacity: Int
    let shape: DictionaryShape

    static let capacities = [4, 8, 12, 16]

    /// The bucket at an offset, if it lies in the segment with all its slots.
    @inline(__always)
    init?(at offset: UInt64, _ shape: DictionaryShape, in segment: Segment) {
        guard let address = unsafe segment.pointer(offset, count: 64, alignment: 16) else { return nil }
        let capacity = unsafe SharedWord(address + CELLAR_BUCKET_CAPACITY).relaxed()
        guard capacity > 0, capacity <= 16, capacity & 3 == 0,
            unsafe segment.pointer(offset, count: shape.bucketSize(Int(truncatingIfNeeded: capacity))) != nil
        else { return nil }
        self.offset = offset
        unsafe self.address = unsafe address
        self.capacity = Int(truncatingIfNeeded: capacity)
        self.shape = shape
    }

    /// The bucket that a directory's entry leads to, without a look at it: its size is in the entry, so that its head and the
    /// slot that is most likely the right one are asked for at the same time.
    @inline(__always)
    init?(entry: UInt64, _ shape: DictionaryShape, in segment: Segment) {
        let offset = entry & Stripe.offsetMask
        let capacity = Self.capacity(ofEntry: entry)
        guard let address = unsafe segment.pointer(offset, count: shape.bucketSize(capacity), alignment: 16) else {
            return nil
        }
        self.offset = offset
        unsafe self.address = unsafe address
        self.capacity = capacity
        self.shape = shape
    }

    /// The slots of the bucket that a directory's entry leads to.
    @inline(__always)
    static func capacity(ofEntry entry: UInt64) -> Int { ((Int(truncatingIfNeeded: entry >> 57) & 3) &+ 1) &* 4 }

    private func word(_ field: Int) -> SharedWord { unsafe SharedWord(address + field) }

    @inline(__always) var state: SharedWord { word(CELLAR_BUCKET_STATE) }
    var next: SharedWord { word(CELLAR_BUCKET_NEXT) }
    var used: SharedWord { word(CELLAR_BUCKET_USED) }
    var sizeClass: Int { capacity / 4 - 1 }
    var size: Int { shape.bucketSize(capacity) }

    @inline(__always)
    func slot(_ index: Int) -> BucketSlot {
        unsafe BucketSlot(address: address + (64 &+ index &* shape.slotSize), shape: shape)
    }

    /// Where an entry goes if it can, so that who looks for it can ask for its cache lines at once.
    func preferred(_ hash: UInt64) -> Int { Self.preferred(hash, capacity) }

    @inline(__always)
    static func preferred(_ hash: UInt64, _ capacity: Int) -> Int {
        Int(truncatingIfNeeded: ((hash >> 56) &* UInt64(truncatingIfNeeded: capacity)) >> 8)
    }

    @inline(__always)
    func prefetch(_ hash: UInt64) {
        unsafe Self.prefetch(slot(preferred(hash)).address, shape.slotSize)
    }

    /// Asks for the cache lines of a slot.
    @inline(__always) @unsafe
    static func prefetch(_ slot: UnsafeMutableRawPointer, _ size: Int) {
        unsafe cellar_prefetch(slot)
        if size > 64 { unsafe cellar_prefetch(slot + 64) }
    }

    /// In a dictionary with a limit, readers leave word which entries are in use. Where the bit is set, nothing is written.
    @inline(never)
    static func noteUse(of slot: Int, _ used: SharedWord) {
        // No crash point: a hint.
        let bit: UInt64 = 1 << UInt64(slot)
        if used.relaxed() & bit == 0 { used.formOr(bit) }
    }

    // MARK: Tags

    @inline(__always)
    static func tag(_ hash: UInt64) -> UInt64 { (hash >> 48) & 0xFF }

    /// Slots that may have the tag, a bit each, and some that have not: keys decide.
    @inline(__always)
    func candidates(_ hash: UInt64) -> UInt16 { unsafe Self.candidates(hash, address) }

    @inline(__always) @unsafe
    static func candidates(_ hash: UInt64, _ bucket: UnsafeMutableRawPointer) -> UInt16 {
        unsafe cellar_find_tags(bucket + CELLAR_BUCKET_TAGS, UInt8(truncatingIfNeeded: tag(hash)))
    }

    /// Under the stripe's lock, for a free slot.
    func setTag(_ index: Int, _ hash: UInt64) { unsafe Self.setTag(index, hash, of: address) }

    @inline(__always) @unsafe
    static func setTag(_ index: Int, _ hash: UInt64, of bucket: UnsafeMutableRawPointer) {
        // No crash point: the slot is free.
        let tags = unsafe SharedWord(bucket + (CELLAR_BUCKET_TAGS &+ index &>> 3 &* 8))
        let shift = UInt64(truncatingIfNeeded: index & 7 &* 8)
        tags.setRelaxed(tags.relaxed() & ~(0xFF &<< shift) | tag(hash) &<< shift)
    }
}

/// The parts of a bucket's state word.
struct BucketState {
    let word: UInt64

    @inline(__always) init(_ word: UInt64) { self.word = word }

    @inline(__always) var occupied: UInt16 { UInt16(truncatingIfNeeded: word) }
    var count: Int { occupied.nonzeroBitCount }
    var depth: Int { Int(truncatingIfNeeded: word >> 16) & 0xFF }

    /// The next version, with these slots occupied.
    @inline(__always)
    func next(occupied: UInt16? = nil, depth: Int? = nil) -> BucketState {
        let version = (word >> 24) &+ 1
        return BucketState(
            version << 24 | UInt64(UInt8(truncatingIfNeeded: depth ?? self.depth)) << 16
                | UInt64(occupied ?? self.occupied))
    }
}

/// One slot of a bucket.
@safe
struct BucketSlot {
    let address: UnsafeMutableRawPointer
    let shape: DictionaryShape

    @inline(__always)
    private func word(_ offset: Int) -> SharedWord { unsafe SharedWord(address + offset) }

    /// Milliseconds since 1970 from which on the entry counts as gone; 0 = never.
    var expiry: SharedWord { word(0) }
    /// The value where it is one word.
    @inline(__always) var valueWord: SharedWord { word(shape.valueOffset) }
    var block: SharedWord { word(shape.blockOffset) }
    var lengths: SharedWord { word(shape.blockOffset + 8) }

    @inline(__always) var plainKey: UnsafeMutableRawPointer { unsafe address + shape.keyOffset }
    @inline(__always) var plainValue: UnsafeMutableRawPointer { unsafe address + shape.valueOffset }

    var keyCount: Int { shape.keySize ?? Int(truncatingIfNeeded: lengths.relaxed() & 0xFFFF_FFFF) }
    var valueCount: Int { shape.valueSize ?? Int(truncatingIfNeeded: lengths.relaxed() >> 32) }

    /// The bytes that lie outside of the slot, if they are in the segment.
    func blockBytes(in segment: Segment) -> UnsafeMutableRawPointer? {
        let size = shape.blockSize(keyCount: keyCount, valueCount: valueCount)
        guard size >= 0, size <= DictionaryShape.largestBlock else { return nil }
        return unsafe segment.pointer(block.relaxed(), count: size, alignment: 16)
    }

    @inline(__always)
    func isExpired(_ now: UInt64) -> Bool {
        guard shape.expires else { return false }
        let expiry = expiry.relaxed()
        return expiry != 0 && expiry <= now
    }

    /// Where the key lies; nil if that is not in the segment.
    @inline(__always)
    func key(in segment: Segment) -> (address: UnsafeMutableRawPointer, count: Int)? {
        if let size = shape.keySize { return unsafe (plainKey, size) }
        guard let bytes = unsafe blockBytes(in: segment) else { return nil }
        return unsafe (bytes, keyCount)
    }

    /// Where the value lies; nil if that is not in the segment.
    @inline(__always)
    func value(in segment: Segment) -> (address: UnsafeMutableRawPointer, count: Int)? {
        if let size = shape.valueSize { return unsafe (plainValue, size) }
        guard let bytes = unsafe blockBytes(in: segment) else { return nil }
        return unsafe (bytes + (shape.keySize == nil ? keyCount : 0), valueCount)
    }

    /// Whether it has the key. Others may write it meanwhile: the answer counts if the bucket's state stayed the same.
    @inline(__always) @unsafe
    func hasKey(_ key: UnsafeRawBufferPointer, in segment: Segment) -> Bool {
        guard let (stored, count) = unsafe self.key(in: segment), count == key.count else { return false }
        return unsafe SharedBytes.equal(stored, key)
    }
}

extension SharedBytes {
    /// Whether shared memory, at a multiple of 8, has these bytes.
    @inline(__always) @unsafe
    static func equal(_ stored: UnsafeMutableRawPointer, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress else { return true }
        return unsafe equal(stored, start, bytes.count)
    }

    /// The same; a constant count becomes straight code.
    @inline(__always) @unsafe
    static func equal(_ stored: UnsafeMutableRawPointer, _ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
        var offset = 0
        while offset &+ 8 <= count {
            let word = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            if unsafe SharedWord(stored + offset).relaxed() != word { return false }
            offset &+= 8
        }
        while offset < count {
            let byte = unsafe bytes.load(fromByteOffset: offset, as: UInt8.self)
            if unsafe SharedElement(stored + offset, stride: 1).load() != UInt64(byte) { return false }
            offset &+= 1
        }
        return true
    }
}

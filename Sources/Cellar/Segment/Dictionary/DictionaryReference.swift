import CCellar

/// Where the parts of a dictionary lie, checked once.
///
/// Points into the segment; whoever holds one keeps the segment.
@usableFromInline @safe
struct DictionaryReference: @unchecked Sendable {
    let cell: CellHeader
    let shape: DictionaryShape
    let seed: UInt64
    /// The most entries a stripe keeps; 0 = any number.
    let stripeCapacity: UInt64
    private let stripes: UnsafeMutableRawPointer

    var segment: Segment { cell.segment }

    /// Checks what the cell's dictionary part says against the segment's bounds and the types' sizes.
    init(_ cell: CellHeader) throws(StoreError) {
        let segment = cell.segment
        let part = try DictionaryPart(cell)
        let fields = unsafe part.fields.pointee
        guard fields.stripe_count == UInt32(DictionaryShape.stripeCount),
            fields.key_size <= UInt32(EntryType.maximumKeySize),
            fields.value_size <= UInt32(DictionaryShape.largestValue),
            (fields.key_size == 0) == (fields.key_type <= EntryTypeWord.bytes),
            (fields.value_size == 0) == (fields.value_type <= EntryTypeWord.bytes)
        else { throw segment.corrupt("the dictionary at \(cell.offset) has sizes that none has") }
        let size = unsafe DictionaryShape.stripeCount * MemoryLayout<cellar_stripe>.size
        self.cell = cell
        shape = DictionaryShape(
            keySize: fields.key_size == 0 ? nil : Int(fields.key_size),
            valueSize: fields.value_size == 0 ? nil : Int(fields.value_size), expires: fields.flags & 1 != 0)
        seed = fields.seed
        let share = UInt64(DictionaryShape.stripeCount)
        stripeCapacity = fields.capacity == 0 ? 0 : max((fields.capacity &+ share &- 1) / share, 1)
        unsafe stripes = try segment.require(fields.stripes, count: size, alignment: 64, "the stripes of a dictionary")
    }

    func stripe(_ index: Int) -> Stripe {
        unsafe Stripe(
            address: stripes + (index & (DictionaryShape.stripeCount - 1)) * MemoryLayout<cellar_stripe>.size,
            reference: self)
    }

    @inline(__always)
    func stripe(of hash: UInt64) -> Stripe { stripe(Int(truncatingIfNeeded: hash)) }

    @inline(__always) @unsafe
    func hash(_ key: UnsafeRawBufferPointer) -> UInt64 { unsafe KeyedHash.hash(key, seed: seed) }

    /// The mark of the whole dictionary.
    var mark: DirtyMark { DirtyMark(cell.mark) }

    /// Mends what those left who died with the lock of a stripe. Passes over one that somebody takes meanwhile.
    func mendAbandoned(until deadline: Int64, as slot: Int) throws(StoreError) {
        // No crash point: `StripeLock` has them.
        for index in 0..<DictionaryShape.stripeCount where stripe(index).lock.isAbandoned {
            let lock = StripeLock(stripe: stripe(index))
            if try lock.acquire(until: deadline, as: slot) { lock.release() }
        }
    }

    /// All memory it took besides its cell's block. As far as the lists can be followed.
    var slabs: [Block] {
        var blocks: [Block] = []
        for index in 0..<DictionaryShape.stripeCount {
            var offset = stripe(index).slabs.acquire()
            // More would not fit in any segment: a list that runs in a circle ends here.
            var budget = 4096
            while offset != 0, budget > 0, let slab = Slab(at: offset, in: segment) {
                blocks.append(slab.block)
                offset = slab.next.relaxed()
                budget -= 1
            }
        }
        return blocks
    }
}

/// The words for types that have no schema.
enum EntryTypeWord {
    static let text: UInt64 = 1
    static let bytes: UInt64 = 2
}

/// The part of a dictionary's cell behind its name.
@safe
struct DictionaryPart {
    let fields: UnsafeMutablePointer<cellar_dictionary>

    init(_ cell: CellHeader) throws(StoreError) {
        let address = unsafe try cell.segment.require(
            cell.word.acquire(), count: MemoryLayout<cellar_dictionary>.size, alignment: 16, "a dictionary")
        unsafe fields = address.assumingMemoryBound(to: cellar_dictionary.self)
    }

    var expires: Bool { unsafe fields.pointee.flags & 1 != 0 }
    var capacity: UInt64 { unsafe fields.pointee.capacity }
    var seed: UInt64 { unsafe fields.pointee.seed }

    func keyType(in segment: Segment) throws(StoreError) -> EntryType {
        try Self.type(unsafe fields.pointee.key_type, segment)
    }
    func valueType(in segment: Segment) throws(StoreError) -> EntryType {
        try Self.type(unsafe fields.pointee.value_type, segment)
    }

    private static func type(_ word: UInt64, _ segment: Segment) throws(StoreError) -> EntryType {
        switch word {
        case EntryTypeWord.text: .text
        case EntryTypeWord.bytes: .bytes
        default: .plain(try SchemaTable(segment: segment).schema(at: word))
        }
    }
}

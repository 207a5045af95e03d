import CCellar
import Glibc

/// Who a segment belongs to.
struct SegmentIdentity: Hashable, Sendable {
    var store: Identity
    var boot: Identity

    /// The name in /dev/shm: not to be guessed without reading the store.
    var objectName: String { "/cellar-\(store.hexadecimal)" }
}

extension Segment {
    /// Makes the segment of a store. The caller holds the store's lock and is alone.
    ///
    /// Steps, each of which leaves something that the next opener recognises as unfinished (no magic) and makes anew:
    /// 1. the object, `O_EXCL`; 2. its memory; 3. the header; 4. the magic number.
    static func create(
        _ identity: SegmentIdentity, reserve: Int, ownership: Ownership, nextUID: UInt64
    ) throws(StoreError) -> Segment {
        try SharedMemoryObject.unlink(identity.objectName)
        let object = try SharedMemoryObject.create(identity.objectName, for: ownership)
        crashPoint("make segment: object made")
        do {
            try object.grow(from: 0, to: SegmentLayout.initialSize)
            crashPoint("make segment: memory added")
            let segment = try Segment(object: object, reserve: reserve, isReadOnly: false)
            try segment.initialise(identity, nextUID: nextUID)
            return segment
        } catch {
            try SharedMemoryObject.unlink(identity.objectName)
            throw error
        }
    }

    /// What stands under the segment's name.
    enum Found {
        case none
        /// Made in an earlier boot, or never finished.
        case stale
        case living(Segment)
    }

    /// Looks for the segment of a store and checks its header.
    static func find(
        _ identity: SegmentIdentity, reserve: Int, isReadOnly: Bool, ownership: Ownership
    ) throws(StoreError) -> Found {
        guard
            let object = try SharedMemoryObject.open(identity.objectName, readOnly: isReadOnly, for: ownership)
        else { return .none }
        // Its maker died between the first two steps.
        if try object.size() == 0 { return .stale }
        let segment = try Segment(object: object, reserve: reserve, isReadOnly: isReadOnly)
        return try segment.isCurrent(identity) ? .living(segment) : .stale
    }

    private func initialise(_ identity: SegmentIdentity, nextUID: UInt64) throws(StoreError) {
        let header = unsafe fixed(0).assumingMemoryBound(to: cellar_header.self)
        unsafe header.pointee.format_version = SegmentLayout.formatVersion
        unsafe header.pointee.header_size = UInt32(MemoryLayout<cellar_header>.size)
        unsafe header.pointee.layout_fingerprint = SegmentLayout.fingerprint
        unsafe header.pointee.byte_order = SegmentLayout.byteOrder
        unsafe header.pointee.pointer_width = UInt32(MemoryLayout<Int>.size)
        write(identity.store, at: CELLAR_HEADER_UUID)
        write(identity.boot, at: CELLAR_HEADER_BOOT)
        unsafe header.pointee.created_ns = MonotonicClock.wall()
        unsafe header.pointee.hash_seed = UInt64.random(in: 0 ... .max)
        word(CELLAR_HEADER_SIZE).setRelaxed(UInt64(SegmentLayout.initialSize))
        unsafe word(CELLAR_HEADER_CURSOR).setRelaxed(UInt64(Rounding.up(MemoryLayout<cellar_segment>.size, to: 64)))
        word(CELLAR_HEADER_NEXT_ATTACHMENT).setRelaxed(1)
        word(CELLAR_HEADER_NEXT_UID).setRelaxed(max(nextUID, 1))
        word(CELLAR_HEADER_FLAGS).setRelaxed(MemoryBarrier.isRegistered ? 0 : SegmentFlags.writersFence)
        crashPoint("make segment: header written")
        try initialiseMutexes()
        crashPoint("make segment: locks made")
        try Directory(segment: self).createFirst()
        // Pairs with the acquire load in `isCurrent`: who sees the magic sees all of the above.
        crashPoint("make segment: all but the magic")
        word(0).release(SegmentLayout.magic)
        crashPoint("make segment: published")
    }

    private func initialiseMutexes() throws(StoreError) {
        var offsets = [CELLAR_HEADER_ALLOCATION, CELLAR_HEADER_CHECKPOINT, CELLAR_HEADER_TRANSACTIONS]
        for slot in 0..<Int(CELLAR_PROCESS_SLOTS) {
            offsets.append(ProcessTable.slotOffset(slot) + CELLAR_PROCESS_LIVENESS)
        }
        for offset in offsets {
            let result = unsafe RobustMutex(fixed(offset)).initialize()
            if result != 0 { throw .system("make a process-shared mutex", result) }
        }
    }

    /// True for the segment of this store and boot; false for a leftover; an error for what should not be.
    private func isCurrent(_ identity: SegmentIdentity) throws(StoreError) -> Bool {
        let magic = word(0).acquire()
        if magic == 0 { return false }
        guard magic == SegmentLayout.magic else { throw corrupt("it does not begin as a segment does") }
        let header = unsafe fixed(0).assumingMemoryBound(to: cellar_header.self).pointee
        guard unsafe header.byte_order == SegmentLayout.byteOrder,
            unsafe header.pointer_width == MemoryLayout<Int>.size,
            unsafe header.format_version == SegmentLayout.formatVersion,
            unsafe header.layout_fingerprint == SegmentLayout.fingerprint,
            unsafe header.header_size == MemoryLayout<cellar_header>.size
        else {
            let differs = unsafe header.format_version != SegmentLayout.formatVersion
            let what =
                unsafe differs
                ? "has format \(header.format_version), this program knows format \(SegmentLayout.formatVersion)"
                : "is of another build of Cellar, which lays it out otherwise"
            throw StoreError(
                .incompatible,
                "the segment '/dev/shm\(object.name)' \(what): use one version of Cellar in all programs that share a store"
            )
        }
        guard identity.store == read(at: CELLAR_HEADER_UUID) else {
            throw corrupt("it belongs to another store")
        }
        guard identity.boot == read(at: CELLAR_HEADER_BOOT) else { return false }
        try checkSizes()
        return true
    }

    private func checkSizes() throws(StoreError) {
        let size = word(CELLAR_HEADER_SIZE).acquire()
        guard size <= UInt64(try object.size()) else {
            throw corrupt("it should have \(size) bytes and has \(try object.size())")
        }
        let cursor = word(CELLAR_HEADER_CURSOR).acquire()
        guard unsafe cursor >= UInt64(MemoryLayout<cellar_segment>.size), cursor <= size, cursor % 16 == 0 else {
            throw corrupt("its allocation cursor is \(cursor), outside its \(size) bytes")
        }
        for offset in [CELLAR_HEADER_ALLOCATION, CELLAR_HEADER_CHECKPOINT] {
            guard unsafe RobustMutex(fixed(offset)).isSound else { throw corrupt("a lock in its header is no lock") }
        }
    }

    private func write(_ identity: Identity, at offset: Int) {
        // No crash point: the segment has no magic yet.
        word(offset).setRelaxed(identity.high.bigEndian)
        word(offset + 8).setRelaxed(identity.low.bigEndian)
    }

    private func read(at offset: Int) -> Identity {
        Identity(high: UInt64(bigEndian: word(offset).relaxed()), low: UInt64(bigEndian: word(offset + 8).relaxed()))
    }
}

/// Bits of the header's flags.
enum SegmentFlags {
    /// The kernel refused membarrier where the segment was made: every writer fences.
    static let writersFence: UInt64 = 1
}

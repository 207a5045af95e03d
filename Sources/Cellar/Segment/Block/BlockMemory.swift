import CCellar

/// The parts of a block, and what its generation says.
///
/// | generation | torn range | means | the next who has the lock |
/// |---|---|---|---|
/// | even | none | nobody writes; half of it is how often it was written since memory has it | – |
/// | odd | none | a writer is about to begin or has ended, or died there: the bytes are whole | makes it even |
/// | odd | some | a writer is at it, or died at it: the bytes may be half written | has to write them anew |
///
/// The writer makes it odd, notes the range (`ArrayRecovery.beginBulk`, which keeps it from the disk), writes, notes the changes,
/// clears the range, and makes it even. A reader takes what it read if the generation was even, and is the same afterwards.
///
/// `waiting` is as in `PipeSide`: who waits for a write sets it before a barrier and a last look.
@usableFromInline @safe
struct BlockMemory: @unchecked Sendable {
    @usableFromInline let reference: StructureReference
    let segment: Segment

    init(_ reference: StructureReference, _ segment: Segment) {
        self.reference = reference
        self.segment = segment
    }

    var cell: CellReference { reference.cell }
    var byteCount: Int { cell.count }
    var generation: SharedWord { unsafe SharedWord(reference.index + CELLAR_BLOCK_GENERATION) }
    var bell: SharedFutex { unsafe SharedFutex(reference.index + CELLAR_BLOCK_BELL) }
    private var waiting: SharedFutex { unsafe SharedFutex(reference.index + CELLAR_BLOCK_WAITING) }
    private var recovery: ArrayRecovery { ArrayRecovery(reference: cell, segment: segment) }

    var isWhole: Bool { generation.acquire() & 1 == 0 }
    /// Whether a writer is at it, or died at it.
    var isTorn: Bool { recovery.tornBytes != nil }

    /// The bytes, in place.
    @unsafe var bytes: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: cell.payload, count: byteCount)
    }

    // MARK: Reading

    /// Whether nobody wrote since the generation was this.
    func isStill(_ seen: UInt64) -> Bool {
        // What was read stays before the load; pairs with the release fence in `ArrayRecovery.beginBulk`.
        SharedFence.acquire()
        return generation.relaxed() == seen
    }

    /// Whether whoever made the generation this odd number has died.
    func isAbandoned(at seen: UInt64) -> Bool { !cell.lock.isHeld && generation.acquire() == seen }

    // MARK: Under the lock

    /// Makes a block whole whose writer died before or after its writing. Returns whether it is whole.
    func mend() -> Bool {
        // No crash point: `moveOn` has one.
        if !isWhole, !isTorn {
            moveOn()
            tell(fences: true)
        }
        if reference.whole.relaxed() != 1 { reference.whole.setRelaxed(1) }
        return isWhole
    }

    /// The next generation.
    private func moveOn() {
        // Pairs with the acquire load of a reader: who sees an even one sees the bytes.
        generation.release(generation.relaxed() &+ 1)
        crashPoint("block: generation moved on")
    }

    func begin(_ range: Range<Int>) {
        // No crash point: `moveOn` and `beginBulk` have some.
        if isWhole { moveOn() }
        recovery.beginBulk(range)
    }

    /// The range is whole, and its marks are set.
    func end(fences: Bool) {
        recovery.endBulk()
        moveOn()
        tell(fences: fences)
    }

    /// Wakes who waits, after the generation moved on.
    private func tell(fences: Bool) {
        // No crash point: `wake` has some.
        // Between the generation and looking who waits; pairs with the barrier of who waits.
        if fences { MemoryBarrier.full() } else { MemoryBarrier.compilerOnly() }
        if waiting.acquire() != 0 { wake() }
    }

    private func wake() {
        // Cleared before the bell advances: who sets it again in between sleeps on the newer count.
        _ = waiting.exchange(0)
        crashPoint("block: nobody waiting")
        bell.add(1)
        crashPoint("block: not woken yet")
        bell.wakeAll()
    }

    // MARK: Waiting

    func arm() {
        if waiting.acquire() != 1 { waiting.setOrdered(1) }
        crashPoint("block: waiting")
    }
}

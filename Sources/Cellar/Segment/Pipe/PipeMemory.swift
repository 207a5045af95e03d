import CCellar

/// The parts of a pipe in shared memory.
///
/// Each end has a word that says who has it:
///
/// | holder | means | killed here |
/// |---|---|---|
/// | 0 | nobody had it since the pipe began anew | – |
/// | slot + 1, attachment << 16 | that process has it, or died having it | who looks finds it dead: as ~0 |
/// | ~0 | it was closed, or its holder was found dead | – |
///
/// It goes from 0 to a holder under the cell's lock; from a holder to ~0 by compare-and-swap, by the holder that closes it or by
/// whoever finds that one dead; and both go back to 0 under the lock, when neither has a holder that lives: the pipe begins
/// anew. A death in the middle of that leaves `whole` at 0, and the next who opens an end does it again.
@usableFromInline @safe
struct PipeMemory: @unchecked Sendable {
    @usableFromInline let reference: StructureReference
    let capacity: Int
    let segment: Segment

    static let gone = UInt64.max

    /// The reference's index must be that of a pipe of this shape, which is what its form says.
    init(_ reference: StructureReference, _ shape: PipeShape, _ segment: Segment) {
        self.reference = reference
        self.segment = segment
        capacity = shape.capacity
    }

    var generation: SharedWord { unsafe SharedWord(reference.index + CELLAR_PIPE_GENERATION) }
    func holder(_ end: Int) -> SharedWord { unsafe SharedWord(reference.index + CELLAR_PIPE_HOLDERS + (end & 1) * 8) }

    /// The ring that the end writes to.
    func ring(from end: Int) -> PipeRing {
        let sides = unsafe reference.index + PipeShape.sides + (end & 1) * 2 * PipeShape.sideSize
        return unsafe PipeRing(
            written: PipeSide(sides), read: PipeSide(sides + PipeShape.sideSize),
            bytes: reference.index + PipeShape.rings + (end & 1) * capacity, capacity: capacity)
    }

    // MARK: Who has an end

    static func holderWord(slot: Int, attachment: UInt64) -> UInt64 { UInt64(slot + 1) | attachment << 16 }

    /// The process that a holder's word names.
    static func place(_ word: UInt64) -> (slot: Int, attachment: UInt64) { (Int(word & 0xFFFF) - 1, word >> 16) }

    func isHeld(_ end: Int) -> Bool { isHolder(holder(end).acquire()) }

    /// Whether a holder's word names a process that lives.
    func isHolder(_ word: UInt64) -> Bool {
        guard word != 0, word != Self.gone else { return false }
        let (slot, attachment) = Self.place(word)
        return ProcessTable(segment: segment).isAttached(attachment, slot: slot)
    }

    /// Notes of a holder that it is gone.
    func giveUp(_ end: Int, of word: UInt64) {
        // Pairs with the acquire load in `PipeEndCore.peerIsGone`: who sees it finds all that the holder sent.
        _ = holder(end).compareExchange(word, Self.gone)
        crashPoint("pipe: end given up")
    }

    /// Wakes all who sleep at the pipe, to look for themselves.
    func ringAll() {
        for end in 0..<2 {
            ring(from: end).written.wake()
            ring(from: end).read.wake()
        }
    }

    // MARK: Under the cell's lock

    /// After a holder of the lock died, and the first time. An end that lives was there before that one came.
    func mend() {
        guard reference.whole.relaxed() != 1 else { return }
        if !isHeld(0), !isHeld(1) { beginAnew() }
        reference.whole.setRelaxed(1)
        crashPoint("pipe: whole")
    }

    /// Empties both rings. Nobody has an end. Can be done again.
    func beginAnew() {
        for end in 0..<2 { ring(from: end).empty() }
        crashPoint("pipe: emptied")
        generation.add(1)
        crashPoint("pipe: new generation")
        for end in 0..<2 {
            // Pairs with the acquire load of who claims it: the lock orders both.
            holder(end).release(0)
            crashPoint("pipe: end free")
        }
    }

    func claim(_ end: Int, _ word: UInt64) {
        // Pairs with the acquire load of the other end's.
        holder(end).release(word)
        crashPoint("pipe: end claimed")
    }
}

import CCellar

/// The writing half of an end: where it stands, which nobody else says. One thread at a time uses it.
@safe
final class PipeWriter: @unchecked Sendable {
    let ring: PipeRing
    private let fences: Bool
    private var position: UInt64 = 0
    /// The position modulo the capacity.
    private var offset = 0
    /// The reader's position, as far as it is known.
    private(set) var readPosition: UInt64 = 0
    /// The message that has a place: where, how many bytes, and how many are skipped before it.
    private var start = 0
    private var size = 0
    private var skipped = 0

    init(_ ring: PipeRing, fences: Bool) {
        self.ring = ring
        self.fences = fences
    }

    /// A place for a message, which is not longer than the largest; nil where the reader has to come further first.
    func reserve(_ count: Int) throws(StoreError) -> UnsafeMutableRawPointer? {
        size = PipeRing.size(count)
        skipped = offset + size > ring.capacity ? ring.capacity - offset : 0
        start = skipped > 0 ? 0 : offset
        // The next message's head, which says that there is none yet, needs room too.
        let needed = UInt64(truncatingIfNeeded: skipped &+ size &+ PipeRing.headSize)
        if position &- readPosition &+ needed > UInt64(truncatingIfNeeded: ring.capacity) {
            try lookAtReader()
            if position &- readPosition &+ needed > UInt64(truncatingIfNeeded: ring.capacity) { return nil }
        }
        return unsafe ring.message(start)
    }

    private func lookAtReader() throws(StoreError) {
        // Pairs with the release store in `PipeReader.consume`: what was read may be written over.
        let seen = ring.read.position.acquire()
        guard seen >= readPosition, seen <= position, seen & 7 == 0 else {
            throw ring.corrupt("its reader is said to be at byte \(seen), of \(position) written")
        }
        readPosition = seen
    }

    /// Sends what was put into the reserved place. Steps: 1. the next head: nothing; 2. where bytes are skipped, the message's
    /// own head; 3. the head that the reader looks at; 4. the position, for who looks from outside; 5. waking.
    func commit(_ count: Int) {
        let end = start &+ size
        let next = end == ring.capacity ? 0 : end
        ring.head(next).setRelaxed(0)
        crashPoint("pipe: next head empty")
        if skipped > 0 {
            ring.head(0).setRelaxed(UInt64(truncatingIfNeeded: count &+ 1))
            crashPoint("pipe: head at the start")
        }
        // Pairs with the acquire load in `PipeReader.look`: who sees the head sees the message, and the empty head behind it.
        ring.head(offset).release(skipped > 0 ? PipeRing.pad : UInt64(truncatingIfNeeded: count &+ 1))
        crashPoint("pipe: sent")
        position &+= UInt64(truncatingIfNeeded: skipped &+ size)
        offset = next
        ring.written.position.release(position)
        crashPoint("pipe: position written")
        ring.written.tell(fences: fences)
    }
}

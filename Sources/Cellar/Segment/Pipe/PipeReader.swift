import CCellar

/// The reading half of an end: where it stands, which nobody else says. One thread at a time uses it.
@safe
final class PipeReader: @unchecked Sendable {
    let ring: PipeRing
    private let fences: Bool
    private let largest: Int
    private var position: UInt64 = 0
    /// The position modulo the capacity.
    private var offset = 0
    private var size = 0

    init(_ ring: PipeRing, largest: Int, fences: Bool) {
        self.ring = ring
        self.largest = largest
        self.fences = fences
    }

    /// The word that says whether there is a message.
    var place: SharedWord { ring.head(offset) }

    /// The next message, in place; nil if there is none yet. It stays until it is consumed.
    func look() throws(StoreError) -> UnsafeRawBufferPointer? {
        // Pairs with the release store in `PipeWriter.commit`.
        var head = ring.head(offset).acquire()
        if head == 0 { return nil }
        var start = offset
        if head == PipeRing.pad, offset != 0 {
            start = 0
            head = ring.head(0).acquire()
        }
        let count = Int(truncatingIfNeeded: head &- 1)
        guard head != PipeRing.pad, count >= 0, count <= largest, PipeRing.size(count) <= ring.capacity - start else {
            throw ring.corrupt("a message is said to have \(head &- 1) bytes")
        }
        if start != offset {
            position &+= UInt64(truncatingIfNeeded: ring.capacity &- offset)
            offset = start
        }
        size = PipeRing.size(count)
        return unsafe UnsafeRawBufferPointer(start: ring.message(offset), count: count)
    }

    /// Gives the bytes of the message that was looked at back to the writer.
    func consume() {
        position &+= UInt64(truncatingIfNeeded: size)
        offset = offset &+ size == ring.capacity ? 0 : offset &+ size
        // Pairs with the acquire load in `PipeWriter.lookAtReader`.
        ring.read.position.release(position)
        crashPoint("pipe: received")
        ring.read.tell(fences: fences)
    }
}

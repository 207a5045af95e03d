import CCellar

/// What an array's lock guards besides the elements: the update that is being applied, and what a dead writer tore.
///
/// An atomic update fills a buffer, commits by making the sequence odd, copies the buffer over the elements, and makes
/// the sequence even again:
///
/// | sequence | readers of the range | killed here |
/// |---|---|---|
/// | even | the elements | the update never was |
/// | odd | the buffer | the next locker copies the buffer again |
///
/// `torn` is the byte range that the holder of a bulk lock works on: set before its first write, cleared at its end.
/// Under the lock it is another's only if that holder died.
@usableFromInline @safe
struct ArrayRecovery {
    let reference: CellReference
    let segment: Segment?

    @usableFromInline
    init(reference: CellReference, segment: Segment?) {
        self.reference = reference
        self.segment = segment
    }

    private var start: SharedWord { reference.arrayWord(CELLAR_ARRAY_OVERLAY_START) }
    private var length: SharedWord { reference.arrayWord(CELLAR_ARRAY_OVERLAY_LENGTH) }
    private var tornStart: SharedWord { reference.arrayWord(CELLAR_ARRAY_TORN_START) }
    private var tornLength: SharedWord { reference.arrayWord(CELLAR_ARRAY_TORN_LENGTH) }

    /// Bytes that the update under way replaces, within the elements whatever the words say.
    var updateBytes: Range<Int> { clamped(start.relaxed(), length.relaxed()) }

    /// Bytes that a bulk writer was at when it died, or is at now.
    @usableFromInline
    var tornBytes: Range<Int>? {
        let bytes = clamped(tornStart.relaxed(), tornLength.acquire())
        return bytes.isEmpty ? nil : bytes
    }

    @usableFromInline
    func beginBulk(_ bytes: Range<Int>) {
        // What a dead writer left on record stays covered until the new range is there: up to the end, whatever the start.
        if tornLength.relaxed() != 0 { tornLength.release(UInt64(reference.count * reference.stride)) }
        tornStart.release(UInt64(bytes.lowerBound))
        crashPoint("bulk: start on record")
        // Before the first element: another process that sees the elements change after a crash sees this too.
        tornLength.release(UInt64(bytes.count))
        crashPoint("bulk: on record")
        SharedFence.release()
    }

    @usableFromInline
    func endBulk() {
        tornLength.release(0)
        crashPoint("bulk: off the record")
    }

    /// Applies what was committed. The buffer stays, for the next update.
    func finishUpdate() {
        let sequence = reference.sequence.acquire()
        guard sequence & 1 == 1 else { return }
        apply()
        crashPoint("finish update: applied")
        reference.sequence.release(sequence &+ 1)
        crashPoint("finish update: even sequence")
        // Whoever died had no time to: all chunks of the update go to disk together.
        markDirty(updateBytes)
    }

    /// Has the bytes of the buffer take the place of the elements' in one step, under the array's lock.
    ///
    /// Steps: 1. the range; 2. odd sequence: readers see the buffer; 3. the elements; 4. even sequence. Killed before 2 the
    /// update never was; after it, whoever locks the array next finishes it.
    func commitUpdate(of bytes: Range<Int>) {
        start.setRelaxed(UInt64(bytes.lowerBound))
        length.setRelaxed(UInt64(bytes.count))
        crashPoint("update: range on record")
        let sequence = reference.sequence.relaxed()
        // Pairs with the acquire loads of the sequence in `SharedArray`: who sees the odd number sees the buffer.
        reference.sequence.release(sequence &+ 1)
        crashPoint("update: odd sequence")
        SharedFence.release()
        apply()
        crashPoint("update: applied")
        // Pairs with the same loads: who sees the even number sees the elements.
        reference.sequence.release(sequence &+ 2)
        crashPoint("update: even sequence")
    }

    /// The chunks of these bytes have something for the next checkpoint, and for who watches them.
    func markDirty(_ bytes: Range<Int>) {
        guard !bytes.isEmpty, let segment else { return }
        for chunk in bytes.lowerBound >> SegmentLayout.chunkShift...(bytes.upperBound - 1) >> SegmentLayout.chunkShift {
            reference.mark(ofChunk: chunk).touch(telling: reference.arrayWatch) {
                _ = CellTable(segment: segment).markDirty(reference.id)
            }
        }
    }

    /// Copies the buffer over the elements. Can be done again.
    func apply() {
        // No crash point: each caller has one behind it.
        let bytes = updateBytes
        guard let buffer = unsafe buffer(holding: bytes.count) else { return }
        unsafe SharedBytes.copyIn(UnsafeRawPointer(buffer), reference.payload + bytes.lowerBound, count: bytes.count)
    }

    /// The update buffer, if it lies in the segment and can hold so many bytes. It is a block of its own: one that is said to
    /// lie over the cell would have its writer change the lock it holds.
    func buffer(holding count: Int) -> UnsafeMutableRawPointer? {
        let capacity = Int(clamping: reference.arrayWord(CELLAR_ARRAY_OVERLAY_CAPACITY).acquire())
        let offset = reference.arrayWord(CELLAR_ARRAY_OVERLAY).acquire()
        guard offset != 0, count <= capacity, let segment, !reference.overlaps(offset, count: capacity, in: segment)
        else { return nil }
        return unsafe segment.pointer(offset, count: capacity)
    }

    private func clamped(_ start: UInt64, _ length: UInt64) -> Range<Int> {
        let total = reference.count * reference.stride
        let lower = min(Int(clamping: start), total)
        return lower..<(lower + min(Int(clamping: length), total - lower))
    }
}

import CCellar

extension Attachment {
    /// Replaces a range of an array's bytes in one step, under the array's lock. `fill` gets the buffer, holding the
    /// bytes as they are, and leaves what they are to be.
    ///
    /// Steps: 1. a buffer that is large enough; 2. the new bytes in it; 3. what `ArrayRecovery.commitUpdate` does.
    @usableFromInline
    func replace<Result>(
        _ bytes: Range<Int>, of cell: CellReference, _ fill: (UnsafeMutableRawBufferPointer) throws -> Result
    ) throws -> Result {
        let recovery = ArrayRecovery(reference: cell, segment: segment)
        let buffer = unsafe try updateBuffer(for: cell, holding: bytes.count, recovery)
        // The last update's even number stays before what is put into the buffer now; pairs with the acquire fence of who
        // read the buffer while the number was odd.
        SharedFence.release()
        unsafe SharedBytes.copyOut(cell.payload + bytes.lowerBound, buffer, count: bytes.count)
        let result = unsafe try fill(unsafe UnsafeMutableRawBufferPointer(start: buffer, count: bytes.count))
        recovery.commitUpdate(of: bytes)
        noteChange(bytes, of: cell)
        return result
    }

    /// Bytes changed: their chunks have something for the next checkpoint.
    @usableFromInline
    func noteChange(_ bytes: Range<Int>, of cell: CellReference) {
        guard !bytes.isEmpty else { return }
        crashPoint("bytes: changed")
        if writePolicy == Self.plain { MemoryBarrier.compilerOnly() } else { MemoryBarrier.full() }
        for chunk in bytes.lowerBound >> SegmentLayout.chunkShift...(bytes.upperBound - 1) >> SegmentLayout.chunkShift {
            let mark = cell.mark(ofChunk: chunk)
            if !mark.isQuiet { noteChange(mark, telling: cell.arrayWatch, cell: cell.id) }
        }
    }

    func updateBuffer(
        for cell: CellReference, holding count: Int, _ recovery: ArrayRecovery
    ) throws(StoreError) -> UnsafeMutableRawPointer {
        if let buffer = unsafe recovery.buffer(holding: count) { return unsafe buffer }
        guard let segment else { throw readOnlyError }
        let catalog = Catalog(segment: segment)
        try catalog.locked(as: slot, until: deadline) { () throws(StoreError) in
            try catalog.replaceUpdateBuffer(of: cell, size: count)
        }
        guard let buffer = unsafe recovery.buffer(holding: count) else {
            throw bufferDamaged(cell)
        }
        return unsafe buffer
    }

    /// A buffer is not where it was made a moment ago.
    func bufferDamaged(_ cell: CellReference) -> StoreError {
        let what = "the update buffer of \(describe(cell)) lies outside of it"
        return segment?.corrupt(what) ?? StoreError(.corruptSegment, what)
    }

    /// Finishes what a dead process committed, before a write goes by it. Waits only for a living updater, and not
    /// beyond the lock timeout: the write is then as if it came before the update.
    @usableFromInline @inline(never)
    func settleUpdate(of cell: CellReference) {
        guard (try? lockSlowly(cell, timeout: nil)) != nil else { return }
        ArrayRecovery(reference: cell, segment: segment).finishUpdate()
        cell.lock.unlock()
    }

    /// Copies an array's bytes, of one moment with regard to committed updates.
    @usableFromInline @unsafe
    func copyOut(_ bytes: Range<Int>, of cell: CellReference, to target: UnsafeMutableRawPointer) {
        unsafe ArrayReader(reference: cell, segment: segment).copyOut(bytes, to: target)
    }
}

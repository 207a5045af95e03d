import CCellar

/// A queue as one process has it: what it does with bytes, whatever they stand for.
@usableFromInline
final class QueueCore: Sendable {
    let cell: StructureCell
    let shape: QueueShape
    let memory: QueueMemory
    let holder: QueueHolder
    let access: StructureAccess
    let itemSpin = SpinBudget()

    init(_ cell: StructureCell, _ shape: QueueShape) {
        self.cell = cell
        access = StructureAccess(cell)
        self.shape = shape
        memory = QueueMemory(cell.reference, shape, cell.segment)
        cell.attachment.keeper?.usesStructures.store(true, ordering: .relaxed)
        holder = QueueHolder(slot: cell.attachment.slot, attachment: cell.attachment.keeper?.attachment ?? 0)
    }

    var attachment: Attachment { cell.attachment }

    // MARK: The lock

    /// Whom to wake when the lock is given back: counted out already.
    struct Wakes {
        var consumers = 0
        var producers = 0
        var joiners = 0
    }

    /// Runs `body` under the queue's lock, on an index that agrees with the items; then wakes whom it says.
    @inline(__always)
    func locked<Result>(
        _ body: (QueueMemory, inout Wakes) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        // No crash point: each of the changes has its own.
        var wakes = Wakes()
        try lock()
        let result: Result
        do throws(StoreError) {
            result = try body(memory, &wakes)
        } catch {
            if error.code == .corruptSegment { cell.reference.whole.setRelaxed(0) }
            access.release()
            throw error
        }
        access.release()
        crashPoint("queue: unlocked")
        if wakes.consumers > 0 { memory.bell(.items).wake(wakes.consumers) }
        if wakes.producers > 0 { memory.bell(.spaces).wake(wakes.producers) }
        if wakes.joiners > 0 { memory.bell(.done).wakeAll() }
        return result
    }

    @inline(__always)
    private func lock() throws(StoreError) {
        try access.acquire()
        let reference = cell.reference
        if _slowPath(
            unsafe reference.whole.relaxed() != 1 || reference.deaths.relaxed() != memory.state.pointee.deaths
                || reference.cell.isRemoved)
        {
            try mend()
        }
    }

    @inline(never)
    private func mend() throws(StoreError) {
        do throws(StoreError) {
            if cell.reference.cell.isRemoved { throw attachment.removedError }
            if cell.reference.whole.relaxed() != 1 {
                try memory.rebuild()
                noteAll()
            } else {
                for number in try memory.mendAfterDeaths() { note(number) }
            }
        } catch {
            access.release()
            throw error
        }
    }

    func checkWritable() throws(StoreError) {
        if attachment.writePolicy == Attachment.readOnly { throw attachment.readOnlyError }
    }

    // MARK: Telling others

    /// An item changed: the next checkpoint is to have it.
    @inline(__always)
    func note(_ number: Int) {
        if cell.isVolatile { return }
        let range = memory.range(number)
        noteChunk(range.lowerBound >> SegmentLayout.chunkShift)
        let last = (range.upperBound - 1) >> SegmentLayout.chunkShift
        if last != range.lowerBound >> SegmentLayout.chunkShift { noteChunk(last) }
    }

    func noteAll() {
        attachment.noteChange(0..<shape.byteCount, of: cell.reference.cell)
    }

    @inline(__always)
    func noteHeader() {
        if !cell.isVolatile { noteChunk(0) }
    }

    @inline(__always)
    private func noteChunk(_ chunk: Int) {
        // The checkpointer takes the marks, and copies, under the lock that this process has: no race to settle here.
        let mark = cell.reference.cell.mark(ofChunk: chunk)
        if _slowPath(!mark.isQuiet) {
            attachment.noteChange(mark, telling: cell.reference.cell.arrayWatch, cell: cell.reference.cell.id)
        }
    }

    /// So many items more can be got: as many consumers are to wake, if they sleep.
    @inline(__always)
    func tellConsumers(_ count: Int, _ wakes: inout Wakes) {
        // No crash point: a word for sleepers, who are woken after a death.
        let waiting = unsafe memory.state.pointee.waiting_consumers
        if _fastPath(waiting == 0) { return }
        let woken = min(count, Int(waiting))
        unsafe memory.state.pointee.waiting_consumers = waiting - UInt32(woken)
        memory.bell(.items).add(1)
        wakes.consumers += woken
    }

    @inline(__always)
    func tellProducers(_ count: Int, _ wakes: inout Wakes) {
        // No crash point: see above.
        let waiting = unsafe memory.state.pointee.waiting_producers
        if _fastPath(waiting == 0) { return }
        let woken = min(count, Int(waiting))
        unsafe memory.state.pointee.waiting_producers = waiting - UInt32(woken)
        memory.bell(.spaces).add(1)
        wakes.producers += woken
    }

    /// Something was done: if that was the last, who waits for that is told.
    @inline(__always)
    func tellJoiners(_ wakes: inout Wakes) {
        // No crash point: see above.
        guard unsafe memory.state.pointee.waiting_joiners > 0, memory.unfinished == 0 else { return }
        wakes.joiners = 1
        unsafe memory.state.pointee.waiting_joiners = 0
        memory.bell(.done).add(1)
    }
}

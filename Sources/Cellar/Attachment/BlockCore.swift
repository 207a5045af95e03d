import CCellar

/// A block that was asked for: writing it, reading it, waiting for it.
@usableFromInline
struct BlockCore: Sendable {
    @usableFromInline let attachment: Attachment
    let memory: BlockMemory
    let name: String

    private static let attempts = 8
    /// How long a reader sleeps at most while somebody writes.
    private static let pause: Int64 = 1_000_000

    init(_ cell: StructureCell) {
        attachment = cell.attachment
        name = cell.name
        memory = BlockMemory(cell.reference, cell.segment)
    }

    var isRemoved: Bool { memory.cell.isRemoved }
    var byteCount: Int { memory.byteCount }
    /// How often the block was written since memory has it.
    var generation: UInt64 { memory.generation.acquire() >> 1 }

    private var torn: StoreError {
        StoreError(
            .ownerDied,
            "a process died while it wrote the block '\(name)': its bytes may be half written; write all of them, with "
                + "'write', or with 'withUnsafeMutableBytes(repairs: true)' and no range")
    }

    // MARK: Writing

    private func locked<Result>(_ timeout: Duration?, _ body: () throws -> Result) throws -> Result {
        try attachment.checkWritable()
        try attachment.lock(memory.cell, timeout: timeout)
        defer {
            memory.cell.holder.setRelaxed(0)
            memory.cell.lock.unlock()
        }
        if memory.cell.isRemoved { throw attachment.removedError }
        memory.cell.holder.setRelaxed(LockHolder.word(slot: attachment.slot))
        crashPoint("block: holder named")
        return try body()
    }

    /// Runs `body` on bytes in place. Steps: 1. odd generation; 2. the range on record; 3. the bytes; 4. marks; 5. off the
    /// record; 6. even generation. Of one that is repaired, all of it is handed out; if `body` throws, it stays half written.
    @unsafe
    func write<Result>(
        _ range: Range<Int>, repairs: Bool, _ timeout: Duration?,
        _ body: (UnsafeMutableRawBufferPointer) throws -> Result
    ) throws -> Result {
        try locked(timeout) {
            let wasWhole = memory.mend()
            guard wasWhole || repairs && range.count == byteCount else { throw torn }
            memory.begin(range)
            var isRepaired = wasWhole
            defer {
                if isRepaired {
                    attachment.noteChange(range, of: memory.cell)
                    crashPoint("block: noted")
                    memory.end(fences: attachment.writePolicy != Attachment.plain)
                }
            }
            let result = unsafe try body(UnsafeMutableRawBufferPointer(rebasing: memory.bytes[range]))
            crashPoint("block: written")
            isRepaired = true
            return result
        }
    }

    // MARK: Reading

    /// The generation when nobody writes; `.ownerDied` where somebody died writing.
    private func calm(until deadline: Int64) throws(StoreError) -> UInt64 {
        while true {
            let heard = memory.bell.acquire()
            // Pairs with the release store in `BlockMemory.moveOn`.
            let seen = memory.generation.acquire()
            if seen & 1 == 0 { return seen }
            if memory.isAbandoned(at: seen) {
                if try isReadable(at: seen) { return seen }
                continue
            }
            if attachment.spin.spin({ memory.generation.acquire() != seen }) { continue }
            guard MonotonicClock.now() < deadline else {
                let holder = LockHolder(memory.cell.holder.relaxed(), in: memory.segment)
                throw StoreError(
                    .timedOut, "the block '\(name)' is being written by \(holder): wait longer, or end that process")
            }
            memory.bell.wait(while: heard, atMost: Self.pause)
        }
    }

    /// A writer died: makes the block whole if it is but for the number, and throws if it is not. True where that is not for
    /// this process to do, and the bytes are whole: whoever writes next moves the number on first.
    private func isReadable(at seen: UInt64) throws(StoreError) -> Bool {
        if attachment.writePolicy == Attachment.readOnly {
            if !memory.isTorn { return true }
            if memory.isAbandoned(at: seen) { throw torn }
            return false
        }
        do {
            let isWhole = try locked(nil) { memory.mend() }
            if isWhole { return false }
        } catch { throw StoreError(wrapping: error) }
        throw torn
    }

    /// Ends what a writer left that died at its last step, so that those who wait learn of it. Does not block: who has the lock
    /// now does it too.
    func mendIfAbandoned() {
        let seen = memory.generation.acquire()
        guard seen & 1 == 1, memory.isAbandoned(at: seen) else { return }
        _ = try? locked(.zero) { memory.mend() }
    }

    /// Runs `body` on the bytes in place, without a lock. Nil if somebody wrote meanwhile.
    func read<Result>(_ timeout: Duration?, _ body: (RawSpan) throws -> Result) throws -> Result? {
        try attachment.checkUsable()
        if isRemoved { throw attachment.removedError }
        let seen = try calm(until: attachment.lockDeadline(timeout))
        let result = unsafe try body(UnsafeRawBufferPointer(memory.bytes).bytes)
        return memory.isStill(seen) ? result : nil
    }

    /// Copies the bytes, as of one moment; returns the generation.
    @unsafe
    func copyOut(to target: UnsafeMutableRawPointer, _ timeout: Duration?) throws(StoreError) -> UInt64 {
        try attachment.checkUsable()
        if isRemoved { throw attachment.removedError }
        let deadline = attachment.lockDeadline(timeout)
        var attempts = 0
        while true {
            let seen = try calm(until: deadline)
            unsafe SharedBytes.copyOut(memory.cell.payload, target, count: byteCount)
            if memory.isStill(seen) { return seen >> 1 }
            attempts += 1
            guard attempts >= Self.attempts else { continue }
            if attachment.writePolicy != Attachment.readOnly { return unsafe try copyLocked(to: target, timeout) }
            guard MonotonicClock.now() < deadline else {
                throw StoreError(
                    .timedOut, "the block '\(name)' was written again and again while it was read: read it again")
            }
        }
    }

    /// Where writers left no time for it.
    private func copyLocked(
        to target: UnsafeMutableRawPointer, _ timeout: Duration?
    ) throws(StoreError) -> UInt64 {
        do {
            return try locked(timeout) {
                guard memory.mend() else { throw torn }
                unsafe SharedBytes.copyOut(memory.cell.payload, target, count: byteCount)
                return generation
            }
        } catch { throw StoreError(wrapping: error) }
    }
}

/// A block as something that changes, by its generation.
struct BlockWatch: Watchable {
    let core: BlockCore

    var attachment: Attachment { core.attachment }
    var count: SharedFutex { core.memory.bell }
    func checkThere() throws(StoreError) { if core.isRemoved { throw attachment.removedError } }
    func isCurrent(_ version: UInt64) -> Bool { core.generation <= version }
    func seemsCurrent(_ version: UInt64, at count: UInt32) -> Bool { isCurrent(version) }

    func prepareToSleep() throws(StoreError) {
        core.memory.arm()
        // Between asking and looking; pairs with the fence in `BlockMemory.end`.
        try core.memory.segment.passBarrier()
        core.mendIfAbandoned()
    }
}

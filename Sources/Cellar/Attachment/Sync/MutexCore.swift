import CCellar

/// One process's side of a plain mutex, which is the cell's own lock: what is not its short way.
@usableFromInline
final class MutexCore: Sendable {
    @usableFromInline let attachment: Attachment
    let reference: StructureReference
    let name: String
    let uid: UInt64
    private let table: PartyTable
    private let spin = SpinBudget()

    init(_ found: StructureCell) throws(StoreError) {
        attachment = found.attachment
        reference = found.reference
        name = found.name
        uid = unsafe reference.cell.address.assumingMemoryBound(to: cellar_cell.self).pointee.uid
        table = PartyTable(found.reference, SyncShape(.mutex))
        if attachment.writePolicy != Attachment.readOnly { try makeUsable() }
    }

    /// Fresh memory says that a holder died. Killed within, the next who asks for the mutex does it again.
    private func makeUsable() throws(StoreError) {
        guard table.word.acquire() != 1 else { return }
        try attachment.lock(reference.cell, timeout: nil)
        defer { reference.cell.lock.unlock() }
        guard table.word.relaxed() != 1 else { return }
        reference.whole.release(1)
        crashPoint("mutex: whole")
        // Release: pairs with the acquire above.
        table.word.release(1)
        crashPoint("mutex: usable")
    }

    /// Whether a holder died, and nobody put right what it left. It is `whole` that says so: whoever makes the lock usable again,
    /// be it somebody who checks the store, sets it to 0, and only a recovery sets it to 1.
    @usableFromInline
    var isAbandoned: Bool { reference.whole.acquire() != 1 }

    /// Under the lock.
    @usableFromInline
    func recovered() {
        reference.whole.release(1)
        crashPoint("mutex: recovered")
    }

    /// After a first attempt that did not get the lock.
    @usableFromInline @inline(never)
    func lockSlowly(after first: RobustMutex.Outcome, timeout: Duration?) throws(StoreError) {
        var outcome = first
        let lock = reference.cell.lock
        if case .busy = outcome, spin.spin({ !lock.isHeld }) { outcome = lock.tryLock() }
        if case .locked = outcome { return }
        if case .busy = outcome { noteWait() }
        try attachment.lockSlowly(reference.cell, after: outcome, timeout: timeout)
    }

    /// The holder looks at no clock; who has to wait for it notes since when it is known to hold the lock.
    private func noteWait() {
        // No crash point: a word for messages.
        let word = reference.cell.holder.relaxed()
        guard word != 0, word >> 32 == 0 else { return }
        _ = reference.cell.holder.compareExchange(word, word | UInt64(MonotonicClock.coarseMilliseconds()) << 32)
    }

    nonisolated(nonsending) func whenLocked<Result>(
        timeout: Duration?, _ body: () throws -> Result
    ) async throws -> Result {
        if attachment.writePolicy == Attachment.readOnly { throw attachment.readOnlyError }
        let deadline = attachment.lockDeadline(timeout)
        return try await attachment.whenLocked(reference.cell, until: deadline) {
            // No crash point: a word for messages.
            if reference.cell.isRemoved { throw attachment.removedError }
            reference.cell.holder.setRelaxed(LockHolder.briefly(slot: attachment.slot))
            return try body()
        }
    }
}

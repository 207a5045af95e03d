import CCellar

/// A structure's lock, for those who hold it for a fraction of a microsecond.
struct StructureAccess: Sendable {
    private let cell: StructureCell
    private let spin = SpinBudget()

    init(_ cell: StructureCell) { self.cell = cell }

    /// Takes the lock. Throws `.timedOut`, naming the holder, `.readOnly`, `.closed`, `.corruptSegment`.
    @inline(__always)
    func acquire() throws(StoreError) {
        // Its memory cannot be written, nor can the lock in it.
        if _slowPath(cell.attachment.writePolicy == Attachment.readOnly) { throw cell.attachment.readOnlyError }
        let outcome = try cell.attachment.tryLock(cell.reference.cell.lock)
        if case .locked = outcome {} else { try acquireSlowly(outcome) }
        // No crash point: a word for messages.
        cell.reference.cell.holder.setRelaxed(LockHolder.briefly(slot: cell.attachment.slot))
    }

    /// Others are looked at for a while before sleeping.
    @inline(never)
    private func acquireSlowly(_ first: RobustMutex.Outcome) throws(StoreError) {
        let mutex = cell.reference.cell.lock
        var outcome = first
        if case .busy = first {
            _ = spin.spin {
                if mutex.isHeld { return false }
                outcome = mutex.tryLock()
                if case .busy = outcome { return false }
                return true
            }
        }
        if case .locked = outcome { return }
        try cell.attachment.lockSlowly(cell.reference.cell, after: outcome, timeout: nil)
    }

    @inline(__always)
    func release() { cell.reference.cell.lock.unlock() }
}

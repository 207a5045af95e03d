import CCellar

/// A structure's lock, for those who hold it for a fraction of a microsecond.
///
/// A class, so that it is handed on as one word.
final class StructureAccess: Sendable {
    private let attachment: Attachment
    private let reference: CellReference
    private let spin = SpinBudget()

    init(_ cell: StructureCell) {
        attachment = cell.attachment
        reference = cell.reference.cell
    }

    /// Takes the lock. Throws `.timedOut`, naming the holder, `.readOnly`, `.closed`, `.corruptSegment`.
    @inline(__always)
    func acquire() throws(StoreError) {
        // Its memory cannot be written, nor can the lock in it.
        if _slowPath(attachment.writePolicy == Attachment.readOnly) { throw attachment.readOnlyError }
        let outcome = try attachment.tryLock(reference.lock)
        if case .locked = outcome {} else { try acquireSlowly(outcome) }
        // No crash point: a word for messages.
        reference.holder.setRelaxed(LockHolder.briefly(slot: attachment.slot))
    }

    /// Others are looked at for a while before sleeping.
    @inline(never)
    private func acquireSlowly(_ first: RobustMutex.Outcome) throws(StoreError) {
        let mutex = reference.lock
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
        try attachment.lockSlowly(reference, after: outcome, timeout: nil)
    }

    @inline(__always)
    func release() { reference.lock.unlock() }
}

import CCellar
import Glibc

/// A cell's lock, with the cell's own recovery when a holder died.
///
/// A value needs none: its writer leaves the old copy whole. An array's committed update is finished; a bulk write that
/// was cut off stays on record as torn. What a transaction committed and did not come to change is changed.
struct CellLock {
    let reference: CellReference
    let segment: Segment?

    /// Takes the lock for a checkpoint, in the name of the process in `slot`; false if it was not to be had in time.
    func acquire(for patience: Duration, as slot: Int) -> Bool {
        switch reference.lock.lock(until: MonotonicClock.deadline(after: patience)) {
        case .locked: break
        case .ownerDied:
            // It is usable then, and somebody else sees what is wrong.
            guard (try? mend()) != nil else { return false }
        case .busy, .unusable: return false
        }
        // No crash point: a word for messages.
        reference.holder.setRelaxed(LockHolder.briefly(slot: slot))
        return true
    }

    func release() { reference.lock.unlock() }

    /// After a holder's death: makes the cell whole and the lock usable. Killed within, the next locker does it again. Where it
    /// throws, the lock is given up.
    func mend() throws(StoreError) {
        // Of a structure, the next who uses it makes the index anew.
        if let segment, let structure = StructureReference(of: reference, in: segment) { structure.whole.setRelaxed(0) }
        if reference.isArray {
            ArrayRecovery(reference: reference, segment: segment).finishUpdate()
        }
        do throws(StoreError) {
            if let segment {
                try RedoRecovery(TransactionArea(segment: segment)).applyPending(to: reference, in: segment)
            }
        } catch {
            reference.lock.makeConsistent()
            reference.lock.unlock()
            throw error
        }
        crashPoint("cell lock: mended")
        reference.lock.makeConsistent()
    }
}

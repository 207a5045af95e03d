import CCellar
import Glibc
import Synchronization

extension Attachment {
    /// Takes a cell's lock or throws, saying who holds it.
    @inlinable @inline(__always)
    func lock(_ reference: CellReference, timeout: Duration?) throws(StoreError) {
        let outcome = try tryLock(reference.lock)
        if case .locked = outcome { return }
        // What it came to goes along: where a holder died, the attempt itself has taken the lock.
        try lockSlowly(reference, after: outcome, timeout: timeout)
    }

    /// What a first attempt at a lock comes to, if the store can be used.
    @inlinable @inline(__always)
    func tryLock(_ lock: RobustMutex) throws(StoreError) -> RobustMutex.Outcome {
        if _slowPath(ForkGuard.current != forkGeneration || closed.load(ordering: .relaxed)) { try checkUsable() }
        return lock.tryLock()
    }

    @usableFromInline @inline(never)
    func lockSlowly(
        _ reference: CellReference, after first: RobustMutex.Outcome = .busy, timeout: Duration?
    ) throws(StoreError) {
        var outcome = first
        if case .busy = first {
            outcome = reference.lock.lock(until: lockDeadline(timeout))
        }
        switch outcome {
        case .locked: return
        case .ownerDied: try CellLock(reference: reference, segment: segment).mend()
        case .busy: throw lockTimeout(reference)
        case .unusable(let number):
            throw StoreError(
                .corruptSegment,
                "the lock of \(describe(reference)) cannot be used (error \(number)): its bytes are damaged",
                errno: number)
        }
    }

    func lockTimeout(_ reference: CellReference) -> StoreError {
        guard let segment else { return StoreError(.timedOut, "the lock of \(describe(reference)) stayed taken") }
        let holder = LockHolder(reference.holder.relaxed(), in: segment)
        return StoreError(
            .timedOut,
            "the lock of \(describe(reference)) stayed taken: \(holder) holds it; wait longer, or end that process")
    }

    /// "cell 'name'", for messages.
    func describe(_ reference: CellReference) -> String {
        guard let segment, let header = try? CellTable(segment: segment).cell(reference.id),
            let name = try? header.name()
        else { return "a cell" }
        return "'\(name)'"
    }
}

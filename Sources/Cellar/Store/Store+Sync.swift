/// Locks and signals by name. All are volatile: they outlive every process, but not a restart of the machine.
///
/// Each function finds the one that is there, or makes one. They throw `.mismatch`, saying both sides, if the name is another
/// kind's, or what is there was made with other numbers; `.invalidName`, `.memoryFull`, `.readOnly`. Making one takes the
/// catalogue's lock.
extension Store {
    /// The mutex `name`: a lock for one at a time.
    public func mutex(_ name: String) throws(StoreError) -> SharedMutex {
        SharedMutex(try MutexCore(try structure(name, SyncShape(.mutex))))
    }

    /// The recursive mutex `name`: a lock for one thread at a time, which can take it again.
    public func recursiveMutex(_ name: String) throws(StoreError) -> SharedRecursiveMutex {
        SharedRecursiveMutex(try core(name, SyncShape(.recursiveMutex)))
    }

    /// The read-write lock `name`: for many readers or one writer at a time.
    public func readWriteLock(_ name: String) throws(StoreError) -> SharedReadWriteLock {
        SharedReadWriteLock(try core(name, SyncShape(.readWriteLock)))
    }

    /// The semaphore `name`, of `count` permits at the beginning, and at most `bound` ever (nil: no bound).
    public func semaphore(_ name: String, count: Int, bound: Int? = nil) throws(StoreError) -> SharedSemaphore {
        precondition(
            count >= 0 && bound.map { $0 >= max(count, 1) } ?? true, "a semaphore's bound is not below its count")
        return SharedSemaphore(try core(name, SyncShape(.semaphore, count: count, bound: bound ?? 0)))
    }

    /// The event `name`: a flag to wait for.
    public func event(_ name: String) throws(StoreError) -> SharedEvent {
        SharedEvent(try core(name, SyncShape(.event)))
    }

    /// The condition `name` of a mutex: a place to wait until what the mutex guards is as it should be. One that was made for
    /// another mutex is a `.mismatch`.
    public func condition(_ name: String, of mutex: SharedMutex) throws(StoreError) -> SharedCondition {
        SharedCondition(
            try core(name, SyncShape(.condition, mutex: Int(clamping: mutex.core.uid))), mutex)
    }

    /// The barrier `name`, at which `parties` (1 to 250) wait for each other.
    public func barrier(_ name: String, parties: Int) throws(StoreError) -> SharedBarrier {
        precondition((1...SyncShape.mostParties).contains(parties), "a barrier has 1 to 250 parties")
        return SharedBarrier(try core(name, SyncShape(.barrier, count: parties)))
    }

    /// The latch `name`, which opens when it was counted down `count` times.
    public func latch(_ name: String, count: Int) throws(StoreError) -> SharedLatch {
        precondition(count >= 0, "a latch's count is not below 0")
        return SharedLatch(try core(name, SyncShape(.latch, count: count)))
    }

    /// What is to be done once, under the name.
    public func once(_ name: String) throws(StoreError) -> SharedOnce { SharedOnce(try core(name, SyncShape(.once))) }

    // MARK: Looking

    /// All locks and signals, with who holds them and who waits, and the values and arrays whose own locks are held now; by name.
    ///
    /// Takes no lock and writes nothing, so it works on a read-only store; each is right for an instant only. What is damaged is
    /// left out. O(cells).
    public func locks() throws(StoreError) -> [LockInfo] { try attachment.locks() }

    /// The lock or signal `name`; nil if there is none in memory. As `locks`.
    public func lockInfo(_ name: String) throws(StoreError) -> LockInfo? { try attachment.lock(named: name) }

    private func core(_ name: String, _ shape: SyncShape) throws(StoreError) -> SyncCore {
        try SyncCore(try structure(name, shape))
    }

    private func structure(_ name: String, _ shape: SyncShape) throws(StoreError) -> StructureCell {
        guard shape.isPossible else {
            throw StoreError(
                .limitReached, "'\(shape.text)' asks for more than \(SyncShape.mostCounted), which is the most")
        }
        let form = shape.form
        return try attachment.structure(name, form, .volatile, kind: shape.kind) { $0 == form }
    }
}

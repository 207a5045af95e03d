/// A named lock that one thread of all processes holds at a time.
///
/// ```swift
/// let log = try store.mutex("log")
/// try log.withLock { … }
/// ```
///
/// It is held for the length of a synchronous closure, never across an `await`. Not recursive: taking it twice in a thread waits
/// for the timeout. Who waits is not served in order. It survives its holder's death: the next who locks it has it, and can put
/// right what the dead one left (`recovering`).
///
/// Uncontended it costs what a bare robust mutex costs.
public struct SharedMutex: Sendable {
    @usableFromInline let cell: CellReference
    @usableFromInline let core: MutexCore
    @usableFromInline let attachment: Attachment
    @usableFromInline let isReadOnly: Bool
    /// What `LockHolder` says of this process.
    @usableFromInline let holder: UInt64

    init(_ core: MutexCore) {
        self.core = core
        cell = core.reference.cell
        attachment = core.attachment
        isReadOnly = core.attachment.writePolicy == Attachment.readOnly
        holder = LockHolder.briefly(slot: core.attachment.slot)
    }

    /// Runs `body` while nobody else is in it.
    ///
    /// Blocks; throws `.timedOut`, naming the holder, after `timeout` (the store's `lockTimeout` if nil); `.removed`, `.closed`,
    /// `.readOnly`; and what `body` throws. Where a holder died, `body` runs all the same: see `isAbandoned`, and the form with
    /// `recovering`.
    @inlinable
    public func withLock<Result>(timeout: Duration? = nil, _ body: () throws -> Result) throws -> Result {
        try lock(timeout: timeout)
        defer { unlock() }
        return try body()
    }

    /// Runs `body` while nobody else is in it; before that `recovering`, under the lock, if a holder died in its own, and nobody
    /// has recovered since.
    ///
    /// If `recovering` throws, so does this, without running `body`, and the next who locks recovers. It may also run without
    /// need: where a process died just before its body began, or after it ended. Blocks and throws as the form without.
    @inlinable
    public func withLock<Result>(
        timeout: Duration? = nil, recovering: () throws -> Void, _ body: () throws -> Result
    ) throws -> Result {
        try lock(timeout: timeout)
        defer { unlock() }
        if _slowPath(core.isAbandoned) {
            try recovering()
            core.recovered()
        }
        return try body()
    }

    /// Runs `body` if nobody else is in it now, without waiting; nil otherwise. Throws as `withLock`, but not `.timedOut`.
    @inlinable
    public func withLockIfAvailable<Result>(_ body: () throws -> Result) throws -> Result? {
        if isReadOnly { throw attachment.readOnlyError }
        let outcome = try attachment.tryLock(cell.lock)
        switch outcome {
        case .locked: break
        case .busy: return nil
        case .ownerDied, .unusable: try core.lockSlowly(after: outcome, timeout: nil)
        }
        try begin()
        defer { unlock() }
        return try body()
    }

    /// Whether a holder died, and nobody recovered since. Takes no lock.
    public var isAbandoned: Bool { cell.lock.isAbandoned || core.isAbandoned }

    /// Says, inside of `withLock`, that what a dead holder left is put right.
    ///
    /// For who looks at `isAbandoned` there, in place of `recovering`.
    public func setRecovered() { core.recovered() }

    // MARK: Tasks

    /// As `withLock`, for a task: waits without blocking a thread. `body` is synchronous, so the lock is never held across a
    /// suspension. Throws `CancellationError` if the task is cancelled as it waits.
    nonisolated(nonsending) public func withLock<Result>(
        timeout: Duration? = nil, _ body: () throws -> Result
    ) async throws -> Result {
        try await core.whenLocked(timeout: timeout, body)
    }

    /// As the form with `recovering`, for a task.
    nonisolated(nonsending) public func withLock<Result>(
        timeout: Duration? = nil, recovering: () throws -> Void, _ body: () throws -> Result
    ) async throws -> Result {
        try await core.whenLocked(timeout: timeout) {
            if core.isAbandoned {
                try recovering()
                core.recovered()
            }
            return try body()
        }
    }

    // MARK: Parts

    @inlinable @inline(__always)
    func lock(timeout: Duration?) throws(StoreError) {
        if isReadOnly { throw attachment.readOnlyError }
        let outcome = try attachment.tryLock(cell.lock)
        if case .locked = outcome {} else { try core.lockSlowly(after: outcome, timeout: timeout) }
        crashPoint("mutex: locked")
        try begin()
    }

    /// Under the lock.
    @inlinable @inline(__always)
    func begin() throws(StoreError) {
        // No crash point: a word for messages.
        if cell.isRemoved {
            cell.lock.unlock()
            throw attachment.removedError
        }
        cell.holder.setRelaxed(holder)
    }

    @inlinable @inline(__always)
    func unlock() { cell.lock.unlock() }
}

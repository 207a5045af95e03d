/// A named lock that any number of readers hold together, or one writer alone, of all processes.
///
/// It is fair: those who wait get it in the order in which they came, readers that follow each other together. So a reader that
/// comes after a writer that waits, waits too, and to take it for reading twice in a thread can wait for the timeout.
/// It is held for the length of synchronous closures, never across an `await`. Where a reader or the writer dies, it is as if
/// its closure had ended. At most 250 hold it and wait for it at a time.
public struct SharedReadWriteLock: Sendable {
    @usableFromInline let core: SyncCore

    init(_ core: SyncCore) { self.core = core }

    /// Runs `body` together with other readers, while no writer is in its own.
    ///
    /// Blocks; throws `.timedOut`, naming who holds it, after `timeout` (the store's `lockTimeout` if nil); `.limitReached`,
    /// `.removed`, `.closed`, `.readOnly`; and what `body` throws.
    @inlinable
    public func withReadLock<Result>(timeout: Duration? = nil, _ body: () throws -> Result) throws -> Result {
        let seat = try core.acquire(isShared: true, timeout: timeout)
        defer { core.leave(seat) }
        return try body()
    }

    /// Runs `body` while nobody else, reader or writer, is in its own. Blocks and throws as `withReadLock`.
    @inlinable
    public func withWriteLock<Result>(timeout: Duration? = nil, _ body: () throws -> Result) throws -> Result {
        let seat = try core.acquire(isShared: false, timeout: timeout)
        defer { core.leave(seat) }
        return try body()
    }

    /// Runs `body` if no writer is in its own or waits, without waiting; nil otherwise.
    @inlinable
    public func withReadLockIfAvailable<Result>(_ body: () throws -> Result) throws -> Result? {
        guard let seat = try core.tryAcquire(isShared: true) else { return nil }
        defer { core.leave(seat) }
        return try body()
    }

    /// Runs `body` if nobody else is in its own or waits, without waiting; nil otherwise.
    @inlinable
    public func withWriteLockIfAvailable<Result>(_ body: () throws -> Result) throws -> Result? {
        guard let seat = try core.tryAcquire(isShared: false) else { return nil }
        defer { core.leave(seat) }
        return try body()
    }

    /// As `withReadLock`, for a task: waits without blocking a thread. Throws `CancellationError` if the task is cancelled as it
    /// waits.
    nonisolated(nonsending) public func withReadLock<Result>(
        timeout: Duration? = nil, _ body: () throws -> Result
    ) async throws -> Result {
        try await core.ending(try await core.acquireQuietly(isShared: true, timeout: timeout), after: body)
    }

    /// As `withWriteLock`, for a task: waits without blocking a thread.
    nonisolated(nonsending) public func withWriteLock<Result>(
        timeout: Duration? = nil, _ body: () throws -> Result
    ) async throws -> Result {
        try await core.ending(try await core.acquireQuietly(isShared: false, timeout: timeout), after: body)
    }
}

/// A named lock that one thread of all processes holds at a time, and can take again while it holds it.
///
/// It is held for the length of synchronous closures, never across an `await`. Those who wait get it in the order in which they
/// came. Where its holder dies, the next has it. At most 250 wait for it at a time.
public struct SharedRecursiveMutex: Sendable {
    @usableFromInline let core: SyncCore

    init(_ core: SyncCore) { self.core = core }

    /// Runs `body` while no other thread is in it. In a thread that is, it runs at once.
    ///
    /// Blocks; throws `.timedOut`, naming the holder, after `timeout` (the store's `lockTimeout` if nil); `.limitReached`,
    /// `.removed`, `.closed`, `.readOnly`; and what `body` throws.
    @inlinable
    public func withLock<Result>(timeout: Duration? = nil, _ body: () throws -> Result) throws -> Result {
        let seat = try core.acquireAgain(timeout: timeout)
        defer { core.leaveOnce(seat) }
        return try body()
    }

    /// Runs `body` if no other thread is in it now, without waiting; nil otherwise. Throws as `withLock`, but not `.timedOut`.
    @inlinable
    public func withLockIfAvailable<Result>(_ body: () throws -> Result) throws -> Result? {
        guard let seat = try core.tryAcquireAgain() else { return nil }
        defer { core.leaveOnce(seat) }
        return try body()
    }

    /// As `withLock`, for a task: waits without blocking a thread. `body` is synchronous, and can take the lock again. Throws
    /// `CancellationError` if the task is cancelled as it waits.
    nonisolated(nonsending) public func withLock<Result>(
        timeout: Duration? = nil, _ body: () throws -> Result
    ) async throws -> Result {
        let seat = try await core.acquireQuietly(isShared: false, timeout: timeout)
        return try await core.ending(
            seat,
            after: {
                core.adopt(seat)
                return try body()
            })
    }
}

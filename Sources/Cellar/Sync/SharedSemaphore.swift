/// A named number of permits that all processes share.
///
/// Permits belong to the process that acquired them: any of its threads can release them, and if it dies, or closes the store,
/// they come back. So permits are for things that a process uses and gives back; to tell others of something, use a
/// ``SharedEvent``, a condition or a queue. Those who wait are served in the order in which they came, so one who wants many is
/// not passed by others who want few. At most 250 processes and waiters at a time.
public struct SharedSemaphore: Sendable {
    @usableFromInline let core: SyncCore

    init(_ core: SyncCore) { self.core = core }

    /// Permits that are to be had now. Takes no lock; right for an instant only.
    public var available: Int { core.availablePermits }

    /// All permits that there are, those in use included. Takes no lock; right for an instant only.
    public var permits: Int { core.grants.permits }

    /// Takes permits, waiting for them if need be.
    ///
    /// Blocks; throws `.timedOut`, naming who has some, after `timeout` (the store's `lockTimeout` if nil); `.limitReached`,
    /// `.removed`, `.closed`, `.readOnly`.
    public func acquire(_ count: Int = 1, timeout: Duration? = nil) throws(StoreError) {
        precondition(count > 0, "a number of permits is at least 1")
        try core.acquirePermits(
            count, until: core.attachment.lockDeadline(timeout))
    }

    /// Takes permits if they are there and nobody waits for some; otherwise returns false, without waiting. Throws as `acquire`,
    /// but not `.timedOut`.
    public func tryAcquire(_ count: Int = 1) throws(StoreError) -> Bool {
        precondition(count > 0, "a number of permits is at least 1")
        return try core.tryAcquirePermits(count)
    }

    /// Gives permits back, and wakes those who can have them.
    ///
    /// More than this process acquired are new ones: `.limitReached`, and nothing is released, if there would be more of them,
    /// those in use included, than the bound. Throws `.timedOut` where another process is stopped as it works the semaphore.
    public func release(_ count: Int = 1) throws(StoreError) {
        precondition(count > 0, "a number of permits is at least 1")
        try core.releasePermits(count)
    }

    /// Runs `body` with permits of its own, which end with it: `release` does not give them back. Blocks and throws as `acquire`,
    /// and what `body` throws.
    @inlinable
    public func withPermit<Result>(
        _ count: Int = 1, timeout: Duration? = nil, _ body: () throws -> Result
    ) throws -> Result {
        precondition(count > 0, "a number of permits is at least 1")
        let seat = try core.acquireScoped(count, timeout: timeout)
        defer { core.leave(seat) }
        return try body()
    }

    // MARK: Tasks

    /// As `acquire`, for a task: waits without blocking a thread. Throws `CancellationError` if the task is cancelled as it waits.
    nonisolated(nonsending) public func acquire(_ count: Int = 1, timeout: Duration? = nil) async throws {
        precondition(count > 0, "a number of permits is at least 1")
        try await core.acquirePermitsQuietly(
            count, until: core.attachment.lockDeadline(timeout))
    }

    /// As `withPermit`, for a task: waits without blocking a thread.
    nonisolated(nonsending) public func withPermit<Result>(
        _ count: Int = 1, timeout: Duration? = nil, _ body: () throws -> Result
    ) async throws -> Result {
        precondition(count > 0, "a number of permits is at least 1")
        try core.requirePossible(count)
        let seat = try await core.acquireQuietly(
            .scoped, amount: count,
            until: core.attachment.lockDeadline(timeout))
        return try await core.ending(seat, after: body)
    }
}

/// A named count that goes down to 0 once, for which processes wait.
///
/// It is made with a count, which any process counts down; at 0 it stays open. At most 250 wait at a time. A process that dies as
/// it counts down leaves nobody asleep; what it did not count, nobody counts.
public struct SharedLatch: Sendable {
    let core: SyncCore

    init(_ core: SyncCore) { self.core = core }

    /// How often it is to be counted down yet. Takes no lock. Who sees 0 sees what was stored before each count.
    public var count: Int { core.leftToCount }

    /// Counts down; at 0 all who wait go on. Below 0 it does not go. Throws `.removed`, `.closed`, `.readOnly`; `.timedOut` where
    /// another process is stopped as it works the latch.
    public func countDown(by count: Int = 1) throws(StoreError) {
        precondition(count > 0, "a latch is counted down by 1 or more")
        try core.countDown(count)
    }

    /// Waits until the count is 0. False if that took longer than `timeout`; nil is no limit.
    ///
    /// Blocks. Throws `.limitReached`, `.removed`, `.closed` (when this process closes the store), `.readOnly`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws(StoreError) -> Bool {
        if count == 0 { return true }
        return try core.waitForSignal(until: MonotonicClock.deadline(after: timeout)) { core.leftToCount == 0 }
    }

    /// As `wait`, for a task: blocks no thread. Throws `CancellationError` if the task is cancelled.
    @discardableResult
    nonisolated(nonsending) public func wait(timeout: Duration? = nil) async throws -> Bool {
        if count == 0 { return true }
        return try await core.waitForSignalQuietly(until: MonotonicClock.deadline(after: timeout)) {
            core.leftToCount == 0
        }
    }
}

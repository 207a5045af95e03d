/// A named flag that processes wait for.
///
/// It stays set until it is cleared: who waits then does not wait at all. Who waited as it was set goes on, even if it was
/// cleared at once. A process that dies as it sets it leaves nobody asleep. At most 250 wait at a time.
public struct SharedEvent: Sendable {
    let core: SyncCore

    init(_ core: SyncCore) { self.core = core }

    /// Whether it is set. Takes no lock. Who sees it set sees what was stored before.
    public var isSet: Bool { core.isSet }

    /// Sets it, and wakes all who wait. Throws `.removed`, `.closed`, `.readOnly`; `.timedOut` where another process is stopped as
    /// it works the event.
    public func set() throws(StoreError) { try core.set() }

    /// Clears it. Throws as `set`.
    public func clear() throws(StoreError) { try core.clear() }

    /// Waits until it is set. False if that took longer than `timeout`; nil is no limit.
    ///
    /// Blocks. Throws `.limitReached`, `.removed`, `.closed` (when this process closes the store), `.readOnly`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws(StoreError) -> Bool {
        if isSet { return true }
        return try core.waitForSignal(until: MonotonicClock.deadline(after: timeout)) { core.isSet }
    }

    /// As `wait`, for a task: blocks no thread. Throws `CancellationError` if the task is cancelled.
    @discardableResult
    nonisolated(nonsending) public func wait(timeout: Duration? = nil) async throws -> Bool {
        if isSet { return true }
        return try await core.waitForSignalQuietly(until: MonotonicClock.deadline(after: timeout)) { core.isSet }
    }
}

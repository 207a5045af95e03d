/// A named place where a number of threads or tasks, of whatever processes, wait for each other, round after round.
///
/// It is broken when one who waits there dies, gives up (its time is over, its task is cancelled, its store is closed), or dies
/// as it comes: the others throw `.broken`, and so does everyone who comes, until it is `reset`. A process that dies before it
/// comes is not known to be missed: give `wait` a timeout.
public struct SharedBarrier: Sendable {
    let core: SyncCore

    init(_ core: SyncCore) { self.core = core }

    /// How many wait for each other.
    public var parties: Int { core.shape.count }

    /// Whether it is broken. Takes no lock.
    public var isBroken: Bool { core.grants.round.isBroken }

    /// Waits until as many wait as there are parties. True for one of them, the last to come.
    ///
    /// Blocks. Throws `.broken`; `.timedOut` after `timeout` (nil is no limit), which breaks the barrier for the others; `.removed`,
    /// `.closed`, `.readOnly`, `.limitReached`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws(StoreError) -> Bool {
        try core.waitAtBarrier(until: MonotonicClock.deadline(after: timeout))
    }

    /// As `wait`, for a task: blocks no thread. Throws `CancellationError` if the task is cancelled, which breaks the barrier if it
    /// waits for the others already.
    @discardableResult
    nonisolated(nonsending) public func wait(timeout: Duration? = nil) async throws -> Bool {
        try await core.waitAtBarrierQuietly(until: MonotonicClock.deadline(after: timeout))
    }

    /// Begins a new round, unbroken. Those who wait in the present one throw `.broken`.
    public func reset() throws(StoreError) { try core.resetBarrier() }
}

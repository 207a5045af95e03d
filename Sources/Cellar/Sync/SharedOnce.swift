/// Something that is done once by all processes together, for as long as the store is in memory.
///
/// If the one who does it dies, or throws, the next does it. At most 250 wait at a time.
public struct SharedOnce: Sendable {
    @usableFromInline let core: SyncCore

    init(_ core: SyncCore) { self.core = core }

    /// Whether it is done. Takes no lock. Who sees it done sees what was stored by it.
    public var isDone: Bool { core.isDone }

    /// Does it, unless it is done; waits while somebody else does it. Returns whether `body` ran here.
    ///
    /// Blocks; throws `.timedOut`, naming who does it, after `timeout` (nil is no limit); `.limitReached`, `.removed`, `.closed`,
    /// `.readOnly`; and what `body` throws: then it is not done. Where it is done, it costs one load.
    @inlinable @discardableResult
    public func perform(timeout: Duration? = nil, _ body: () throws -> Void) throws -> Bool {
        if core.isDone { return false }
        guard let seat = try core.beginOnce(timeout: timeout) else { return false }
        defer { core.leave(seat) }
        try body()
        core.endOnce()
        return true
    }

    /// As `perform`, for a task: waits without blocking a thread. Throws `CancellationError` if the task is cancelled as it waits.
    @discardableResult
    nonisolated(nonsending) public func perform(timeout: Duration? = nil, _ body: () throws -> Void) async throws
        -> Bool
    {
        if core.isDone { return false }
        guard let seat = try await core.beginOnceQuietly(timeout: timeout) else { return false }
        return try await core.ending(
            seat,
            after: {
                try body()
                core.endOnce()
                return true
            })
    }
}

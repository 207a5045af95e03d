import CCellar

/// Tells a forked child from its parent, without a system call.
@usableFromInline
enum ForkGuard {
    private static let isWatching: Bool = cellar_fork_watch() == 0

    /// How many forks lie between the process that first asked and this one. The first call begins to count.
    static func begin() -> UInt64 {
        _ = isWatching
        return current
    }

    /// What a background thread does while it is awake: a fork waits until it sleeps. See `cellar_begin_work`.
    static func beginWork() { cellar_begin_work() }
    static func endWork() { cellar_end_work() }

    /// The same, once somebody has begun: one load.
    @inlinable @inline(__always)
    static var current: UInt64 { cellar_fork_count() }
}

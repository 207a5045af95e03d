/// A lock of this process alone: threads wait for it until a deadline, tasks without blocking a thread.
///
/// | word | means |
/// |---|---|
/// | 0 | free |
/// | 1 | taken |
///
/// Giving it up is a plain store, and a look whether anybody waits. That look may come too early, since nothing keeps it behind
/// the store: so who waits looks again each millisecond. Waiting is rare here, and giving up is not.
final class PrivateLock: Sendable {
    private let memory = PrivateFutex()
    private let waiters = PrivateFutex()
    static let taken: UInt32 = 1
    /// How long anybody sleeps before looking again.
    static let patience: Int64 = 1_000_000

    /// What waits for it sleeps on, while it is `taken`.
    var futex: SharedFutex { memory.futex }

    @inline(__always)
    func tryLock() -> Bool { memory.futex.compareExchange(0, Self.taken) }

    /// Somebody is about to wait, or waits no longer.
    func beginWait() { waiters.futex.add(1) }
    func endWait() { waiters.futex.add(.max) }

    /// False if it was not to be had in time. Blocks.
    func lock(until deadline: Int64) -> Bool {
        if tryLock() { return true }
        beginWait()
        defer { endWait() }
        while !tryLock() {
            let left = deadline - MonotonicClock.now()
            if left <= 0 { return false }
            memory.futex.wait(while: Self.taken, atMost: min(left, Self.patience))
        }
        return true
    }

    @inline(__always)
    func unlock() {
        memory.futex.release(0)
        if waiters.futex.acquire() != 0 { memory.futex.wakeAll() }
    }
}

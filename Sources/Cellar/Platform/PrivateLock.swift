/// A lock of this process alone: threads wait for it until a deadline, tasks without blocking a thread.
///
/// | word | means |
/// |---|---|
/// | 0 | free |
/// | 1 | taken |
/// | 2 | taken, and somebody may wait |
final class PrivateLock: Sendable {
    private let memory = PrivateFutex()
    static let contended: UInt32 = 2

    /// What a task waits on while it is `contended`.
    var futex: SharedFutex { memory.futex }

    @inline(__always)
    func tryLock() -> Bool { memory.futex.compareExchange(0, 1) }

    /// Notes that somebody waits. True if the lock was free, and now is the caller's.
    func announce() -> Bool { memory.futex.exchange(Self.contended) == 0 }

    /// False if it was not to be had in time. Blocks.
    func lock(until deadline: Int64) -> Bool {
        if tryLock() { return true }
        while !announce() {
            let left = deadline - MonotonicClock.now()
            if left <= 0 { return false }
            memory.futex.wait(while: Self.contended, atMost: left)
        }
        return true
    }

    @inline(__always)
    func unlock() { if memory.futex.exchange(0) == Self.contended { memory.futex.wakeAll() } }
}

import CCellar
import Glibc
import Synchronization

/// Several words that a thread sleeps on at once.
struct FutexSet {
    /// How many words it can hold.
    static let most = Int(CELLAR_FUTEX_WAITERS)
    private var waiters: [cellar_futex_waiter] = []

    mutating func add(_ futex: SharedFutex, while expected: UInt32) {
        waiters.append(
            cellar_futex_waiter(
                expected: UInt64(expected), address: futex.number, flags: UInt32(CELLAR_FUTEX_32_BITS), reserved: 0))
    }

    /// Sleeps until one of the words is not what it was added with, at most until the deadline; may wake early for no
    /// reason. False, at once, where the kernel does not do it (before Linux 5.16, or a filter that does not know it).
    func sleep(until deadline: Int64) -> Bool {
        let result = unsafe waiters.withUnsafeBufferPointer { buffer in
            unsafe cellar_futex_wait_any(buffer.baseAddress!, UInt32(buffer.count), max(deadline, 0))
        }
        return [0, EAGAIN, ETIMEDOUT, EINTR].contains(result)
    }
}

/// A futex of this process alone.
@safe final class PrivateFutex: @unchecked Sendable {
    let futex: SharedFutex
    private let memory: UnsafeMutableRawPointer

    init() {
        unsafe memory = .allocate(byteCount: 64, alignment: 64)
        unsafe memory.storeBytes(of: 0, as: UInt32.self)
        unsafe futex = SharedFutex(memory)
    }

    deinit { unsafe memory.deallocate() }

    /// Wakes whoever sleeps on it, and keeps from sleeping who is about to.
    func advance() {
        futex.add(1)
        futex.wakeAll()
    }
}

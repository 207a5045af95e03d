import CCellar
import Glibc

/// A process-shared mutex in the segment that survives its holder's death.
///
/// Normal kind (no recursion: locking twice in one thread waits for the deadline), robust: when the thread that holds
/// it ends, by exit or by SIGKILL, the kernel marks it and the next locker is told.
@usableFromInline @safe
struct RobustMutex: @unchecked Sendable {
    @usableFromInline let native: UnsafeMutablePointer<pthread_mutex_t>

    @inlinable @unsafe
    init(_ address: UnsafeMutableRawPointer) {
        unsafe native = unsafe address.assumingMemoryBound(to: pthread_mutex_t.self)
    }

    /// What an attempt to lock came to.
    @usableFromInline
    enum Outcome {
        case locked
        /// Locked, and the previous holder died holding it: mend what it guards, then call `makeConsistent`.
        case ownerDied
        /// Somebody else holds it.
        case busy
        /// The mutex's bytes are not those of a usable mutex.
        case unusable(Int32)
    }

    /// Makes a fresh unlocked mutex of the bytes.
    func initialize() -> Int32 { unsafe cellar_mutex_init(native) }

    /// The C library keeps the holder's thread id in the first word, where the kernel sets the died bit.
    private var lockWord: UInt32 { unsafe SharedFutex(UnsafeMutableRawPointer(native)).acquire() }
    private static let diedBit: UInt32 = 0x4000_0000
    /// Whether a thread that lives holds it. Touches nothing.
    var isHeld: Bool { holdingThread != nil }
    /// The thread that holds it, as the kernel numbers it where it runs; nil if none does that lives. Touches nothing.
    var holdingThread: Int32? {
        let word = lockWord
        return word & 0x3FFF_FFFF != 0 && word & Self.diedBit == 0 ? Int32(word & 0x3FFF_FFFF) : nil
    }
    /// Whether its holder died, and nobody locked it since. Touches nothing.
    var isAbandoned: Bool { lockWord & Self.diedBit != 0 }

    /// Whether the bytes look like such a mutex: checked before bytes from elsewhere are given to the C library.
    var isSound: Bool { unsafe cellar_mutex_is_sound(native) }

    @inlinable @inline(__always)
    func tryLock() -> Outcome {
        let result = unsafe cellar_mutex_trylock(native)
        return result == 0 ? .locked : Self.outcome(result)
    }

    /// Locks, waiting until `deadline` on the monotonic clock.
    @inlinable @inline(__always)
    func lock(until deadline: @autoclosure () -> Int64) -> Outcome {
        let result = unsafe cellar_mutex_trylock(native)
        if result == 0 { return .locked }
        if result != EBUSY { return Self.outcome(result) }
        return Self.outcome(unsafe cellar_mutex_lock_until(native, deadline()))
    }

    @usableFromInline @inline(never)
    static func outcome(_ result: Int32) -> Outcome {
        switch result {
        case 0: .locked
        case EOWNERDEAD: .ownerDied
        case EBUSY, ETIMEDOUT: .busy
        default: .unusable(result)
        }
    }

    // MARK: Without blocking a thread

    /// What sleeps on this, and on its being what this returns, is woken when the mutex may be free; nil where it is worth
    /// trying at once. Who is woken may die before it tries, so sleep for `slice` at most.
    func announceWait() -> (futex: SharedFutex, expected: UInt32)? {
        let expected = unsafe cellar_mutex_await(native)
        return expected == 0 ? nil : (unsafe SharedFutex(UnsafeMutableRawPointer(native)), expected)
    }
    static let slice: Int64 = 20_000_000

    /// Tries to lock, after having waited by `announceWait` perhaps.
    func tryLock(hasWaited: Bool) -> Outcome { Self.outcome(unsafe cellar_mutex_try(native, hasWaited)) }

    func makeConsistent() { unsafe pthread_mutex_consistent(native) }

    @inlinable @inline(__always)
    func unlock() { unsafe pthread_mutex_unlock(native) }
}

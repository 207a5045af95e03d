import Glibc
import Synchronization

/// Whose turn it is to write to the database: a lock in front of LMDB's own, which cannot be waited for with a limit, so that
/// nobody waits for ever for a process that was stopped in a transaction. The kernel gives it back when its holder dies.
///
/// A byte of `readers.lock`, far behind those of readers. The open file holds it, so a process's threads hold it together;
/// they wait for each other at LMDB's lock.
final class WriterTurn: Sendable {
    private let lock: FileLock
    private let holders = Mutex(0)
    private static let byte: Int64 = (1 << 62) + 1

    init(_ lock: FileLock) { self.lock = lock }

    /// Waits until the deadline at most; throws `.timedOut`.
    func take(until deadline: Int64, _ directory: String) throws(StoreError) {
        var pause: UInt32 = 20
        while try !attempt() {
            guard MonotonicClock.now() < deadline else {
                throw StoreError(
                    .timedOut,
                    "another process stayed in a write transaction of '\(directory)': is it stopped, or the disk slow?")
            }
            usleep(pause)
            pause = min(pause * 2, 2_000)
        }
    }

    private func attempt() throws(StoreError) -> Bool {
        try holders.withLock { (holders) throws(StoreError) in
            if holders == 0, try !lock.tryByteAlone(Self.byte) { return false }
            holders += 1
            return true
        }
    }

    func giveBack() {
        holders.withLock { holders in
            holders -= 1
            if holders == 0 { lock.releaseByte(Self.byte) }
        }
    }
}

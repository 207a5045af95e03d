import Cellar
import Glibc
import Synchronization

/// For a kind of lock or signal: what its holder or author does, what one does who waits for that, and what ends such a wait
/// where the author died before it did its part.
public struct SyncDeed: Sendable {
    public let name: String
    /// The lock's or signal's own name in the store.
    public let cell: String
    /// Holds it, if it can be held; calls `proceed`; and then gives it back, or signals.
    public let act: @Sendable (_ store: Store, _ proceed: () -> Void) throws -> Void
    /// Waits until it was given back, or signalled.
    public let wait: @Sendable (Store) throws -> Void
    /// What somebody else does where an author died.
    public let stand: @Sendable (Store) throws -> Void

    init(
        _ name: String, _ cell: String, act: @escaping @Sendable (Store, () -> Void) throws -> Void,
        wait: @escaping @Sendable (Store) throws -> Void, stand: @escaping @Sendable (Store) throws -> Void = { _ in }
    ) {
        self.name = name
        self.cell = cell
        self.act = act
        self.wait = wait
        self.stand = stand
    }

    public static func named(_ name: String) -> SyncDeed? { all.first { $0.name == name } }

    public static let all = locks + signals

    /// Longer than any test may take.
    private static let long: Duration = .seconds(1000)

    public static let locks = [
        SyncDeed("mutex", "m") { store, proceed in
            try store.mutex("m").withLock { proceed() }
        } wait: { store in
            try store.mutex("m").withLock(timeout: long) {}
        },
        SyncDeed("recursive mutex", "r") { store, proceed in
            let mutex = try store.recursiveMutex("r")
            try mutex.withLock { try mutex.withLock { proceed() } }
        } wait: { store in
            try store.recursiveMutex("r").withLock(timeout: long) {}
        },
        SyncDeed("reader", "rw") { store, proceed in
            try store.readWriteLock("rw").withReadLock { proceed() }
        } wait: { store in
            try store.readWriteLock("rw").withWriteLock(timeout: long) {}
        },
        SyncDeed("writer", "rw") { store, proceed in
            try store.readWriteLock("rw").withWriteLock { proceed() }
        } wait: { store in
            try store.readWriteLock("rw").withReadLock(timeout: long) {}
        },
        SyncDeed("permits", "s") { store, proceed in
            let permits = try store.semaphore("s", count: 3)
            try permits.acquire()
            try permits.acquire(2)
            proceed()
            try permits.release(3)
        } wait: { store in
            try store.semaphore("s", count: 3).withPermit(2, timeout: long) {}
        },
        SyncDeed("scoped permits", "s") { store, proceed in
            try store.semaphore("s", count: 3).withPermit(3) { proceed() }
        } wait: { store in
            let permits = try store.semaphore("s", count: 3)
            try permits.acquire(timeout: long)
            try permits.release()
        },
        SyncDeed("once", "o") { store, proceed in
            try store.once("o").perform { proceed() }
        } wait: { store in
            try store.once("o").perform {}
        },
    ]

    public static let signals = [
        SyncDeed("event", "e") { store, proceed in
            proceed()
            try store.event("e").set()
        } wait: { store in
            try store.event("e").wait()
        } stand: { store in
            try store.event("e").set()
        },
        SyncDeed("latch", "l") { store, proceed in
            proceed()
            try store.latch("l", count: 1).countDown()
        } wait: { store in
            try store.latch("l", count: 1).wait()
        } stand: { store in
            try store.latch("l", count: 1).countDown()
        },
        SyncDeed("barrier", "b") { store, proceed in
            proceed()
            try store.barrier("b", parties: 2).wait()
        } wait: { store in
            do throws(StoreError) { try store.barrier("b", parties: 2).wait() } catch {
                // By who died, or who reset it.
                if error.code != .broken { throw error }
            }
        } stand: { store in
            try store.barrier("b", parties: 2).reset()
        },
        SyncDeed("notice", "c") { store, proceed in
            proceed()
            try changeAndNotify(store)
        } wait: { store in
            let changed = try store.value("changed", initial: 0, persistence: .volatile)
            try store.condition("c", of: store.mutex("m")).withLock { lock in
                try lock.wait(while: { changed.load() == 0 })
            }
        } stand: { store in
            try changeAndNotify(store)
        },
    ]

    private static func changeAndNotify(_ store: Store) throws {
        let changed = try store.value("changed", initial: 0, persistence: .volatile)
        try store.condition("c", of: store.mutex("m")).withLock { lock in
            changed.store(1)
            try lock.notifyOne()
        }
    }
}

/// A thread of the test's that does something that may have to wait.
public final class Beside: Sendable {
    private let outcome = Mutex<Result<Void, any Error>?>(nil)

    public init(_ body: @escaping @Sendable () throws -> Void) {
        Watchdog.thread { [self] in
            let result = Result { try body() }
            outcome.withLock { $0 = result }
        }
    }

    public var isOver: Bool { outcome.withLock { $0 != nil } }

    /// Waits for its end, and throws what it threw.
    public func join() throws {
        settle { isOver }
        try outcome.withLock { $0! }.get()
    }
}

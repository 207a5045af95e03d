import Cellar

extension CrashScenario {
    /// What says how much was done: beside the lock, so that a lock that is lost does not take it along.
    private static func mark(_ store: Store) throws -> SharedValue<Int> {
        try store.value("mark", initial: 0, persistence: .volatile)
    }

    /// An operation on locks or signals that ends in the mark 1, and what is looked at afterwards.
    private static func sync(
        _ name: String, _ operate: @escaping @Sendable (Store, SharedValue<Int>) throws -> Void,
        after look: @escaping @Sendable (Store) throws -> Void
    ) -> CrashScenario {
        .on(name, isPersistent: false) { store in
            try mark(store).store(0)
            // Made beforehand, so that the steps are those of the operation.
            try look(store)
        } operate: { store in
            let mark = try mark(store)
            if mark.load() == 0 { try operate(store, mark) }
        } state: { store in
            try look(store)
            return try mark(store).load()
        }
    }

    private static let soon: Duration = .milliseconds(1)
    private static let long: Duration = .seconds(1000)

    /// Nobody holds it, nobody waits, and everybody can have it.
    private static func expectFree(_ store: Store, _ name: String) throws {
        guard let info = try store.lockInfo(name), info.waiters.isEmpty, info.holders.isEmpty else {
            throw Wrong("somebody still has '\(name)', or waits for it")
        }
    }

    static let syncs: [CrashScenario] = [
        .on("lock a mutex", isPersistent: false) { store in
            try mark(store).store(0)
            _ = try store.mutex("m")
        } operate: { store in
            try store.mutex("m").withLock(recovering: {}) { try mark(store).store(1) }
        } state: { store in
            let mark = try mark(store)
            try store.mutex("m").withLock(recovering: { mark.store(0) }) {}
            return mark.load()
        },
        .on("make a mutex", isPersistent: false) { _ in
        } operate: { store in
            try store.mutex("m").withLock {}
        } state: { store in
            guard try store.contains("m") else { return 0 }
            try store.mutex("m").withLock(recovering: {}) {}
            return 1
        },
        sync("lock a recursive mutex twice") { store, mark in
            let mutex = try store.recursiveMutex("r")
            try mutex.withLock { try mutex.withLock { mark.store(1) } }
        } after: { store in
            try store.recursiveMutex("r").withLock {}
            try expectFree(store, "r")
        },
        sync("read and write with a read-write lock") { store, mark in
            let lock = try store.readWriteLock("rw")
            let other = try lock.withReadLock {
                let other = Beside { try lock.withWriteLock(timeout: long) {} }
                try store.settle("rw", waiters: 1)
                return other
            }
            try other.join()
            try lock.withWriteLock { mark.store(1) }
        } after: { store in
            let lock = try store.readWriteLock("rw")
            try lock.withReadLock {}
            try lock.withWriteLock {}
            try expectFree(store, "rw")
        },
        sync("give up waiting for a lock") { store, mark in
            let lock = try store.readWriteLock("rw")
            try lock.withReadLock {
                let other = Beside { try? lock.withWriteLock(timeout: soon) {} }
                try other.join()
            }
            mark.store(1)
        } after: { store in
            try store.readWriteLock("rw").withWriteLock {}
            try expectFree(store, "rw")
        },
        .on("acquire and release permits", isPersistent: false) { store in
            _ = try store.semaphore("s", count: 2)
        } operate: { store in
            let permits = try store.semaphore("s", count: 2)
            if permits.available == 3 { return }
            try permits.acquire()
            try permits.acquire()
            let other = Beside { try permits.withPermit(timeout: long) {} }
            try store.settle("s", waiters: 1)
            try permits.release(3)
            try other.join()
        } state: { store in
            let permits = try store.semaphore("s", count: 2)
            guard try permits.tryAcquire(2) else { throw Wrong("permits are lost") }
            try permits.release(2)
            try expectFree(store, "s")
            return permits.available - 2
        },
        .on("set an event", isPersistent: false) { store in
            _ = try store.event("e")
        } operate: { store in
            let event = try store.event("e")
            if event.isSet { return }
            let other = Beside { try event.wait() }
            try store.settle("e", waiters: 1)
            try event.set()
            try other.join()
        } state: { store in
            let event = try store.event("e")
            let isSet = event.isSet
            if try event.wait(timeout: soon) != isSet { throw Wrong("a wait says otherwise") }
            if isSet { try event.set() }
            try expectFree(store, "e")
            return isSet ? 1 : 0
        },
        .on("clear an event", isPersistent: false) { store in
            try store.event("e").set()
        } operate: { store in
            try store.event("e").clear()
        } state: { store in
            let event = try store.event("e")
            return try event.wait(timeout: soon) ? 0 : 1
        },
        .on("count a latch down", isPersistent: false) { store in
            _ = try store.latch("l", count: 1)
        } operate: { store in
            let latch = try store.latch("l", count: 1)
            if latch.count == 0 { return }
            let other = Beside { try latch.wait() }
            try store.settle("l", waiters: 1)
            try latch.countDown()
            try other.join()
        } state: { store in
            let latch = try store.latch("l", count: 1)
            return try latch.wait(timeout: soon) ? 1 : 0
        },
        sync("meet at a barrier") { store, mark in
            let barrier = try store.barrier("b", parties: 2)
            let other = Beside { try barrier.wait() }
            try store.settle("b", waiters: 1)
            try barrier.wait()
            try other.join()
            mark.store(1)
        } after: {
            try meet($0)
        },
        sync("break a barrier, and reset it") { store, mark in
            let barrier = try store.barrier("b", parties: 3)
            let other = Beside { _ = try? barrier.wait() }
            try store.settle("b", waiters: 1)
            _ = try? barrier.wait(timeout: soon)
            try other.join()
            try barrier.reset()
            mark.store(1)
        } after: { store in
            let barrier = try store.barrier("b", parties: 3)
            if barrier.isBroken { try barrier.reset() }
            do throws(StoreError) { try barrier.wait(timeout: soon) } catch {
                if error.code != .timedOut { throw error }
            }
            try barrier.reset()
            try expectFree(store, "b")
        },
        .on("do something once", isPersistent: false) { store in
            _ = try store.once("o")
        } operate: { store in
            let once = try store.once("o")
            let mark = try mark(store)
            if once.isDone { return }
            let other = Mutexed()
            try once.perform {
                other.beside = Beside { try once.perform { throw Wrong("it is done twice") } }
                try store.settle("o", waiters: 1)
                mark.store(1)
            }
            try other.beside?.join()
        } state: { store in
            let once = try store.once("o")
            if once.isDone {
                guard try mark(store).load() == 1 else { throw Wrong("it is done, and did nothing") }
                try once.perform { throw Wrong("it is done again") }
                return 1
            }
            do { try once.perform { throw Wrong("later") } } catch is Wrong {}
            try expectFree(store, "o")
            return 0
        },
        sync("wait for a condition, and notify") { store, mark in
            let condition = try store.condition("c", of: store.mutex("m"))
            let go = try store.value("go", initial: 0, persistence: .volatile)
            go.store(0)
            let others = try (1...2).map { count in
                let other = Beside { try condition.withLock { lock in try lock.wait(while: { go.load() == 0 }) } }
                try store.settle("c", waiters: count)
                return other
            }
            try condition.withLock { lock in
                go.store(1)
                try lock.notifyOne()
            }
            try condition.notifyAll()
            for other in others { try other.join() }
            mark.store(1)
        } after: { store in
            let condition = try store.condition("c", of: store.mutex("m"))
            try condition.withLock { lock in try lock.notifyAll() }
            try expectFree(store, "c")
        },
    ]

    private static func meet(_ store: Store) throws {
        let barrier = try store.barrier("b", parties: 2)
        if barrier.isBroken { try barrier.reset() }
        let other = Beside { try barrier.wait() }
        try barrier.wait()
        try other.join()
        try expectFree(store, "b")
    }
}

/// Holds a thread that is begun within a closure.
private final class Mutexed: @unchecked Sendable {
    var beside: Beside?
}

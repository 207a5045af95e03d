import Cellar

extension Operation {
    static let locks = [
        Operation("mutex: withLock") { store in
            let mutex = try store.mutex("m")
            return each { _ in try mutex.withLock {} }
        },
        Operation("mutex: withLockIfAvailable") { store in
            let mutex = try store.mutex("m")
            return each { _ in _ = try mutex.withLockIfAvailable {} }
        },
        Operation("mutex: recovering") { store in
            let mutex = try store.mutex("m")
            return each { _ in try mutex.withLock(recovering: {}) {} }
        },
        Operation("recursive mutex: twice") { store in
            let mutex = try store.recursiveMutex("r")
            return each { _ in try mutex.withLock { try mutex.withLock {} } }
        },
        Operation("read-write lock: read") { store in
            let lock = try store.readWriteLock("l")
            return each { _ in try lock.withReadLock {} }
        },
        Operation("read-write lock: write") { store in
            let lock = try store.readWriteLock("l")
            return each { _ in try lock.withWriteLock {} }
        },
        Operation("condition: met, and notifyOne") { store in
            let condition = try store.condition("c", of: try store.mutex("m"))
            return each { _ in
                try condition.withLock { lock in
                    try lock.wait(while: { false })
                    try lock.notifyOne()
                }
            }
        },
        Operation("store: locks") { store in
            _ = try store.mutex("m")
            return sum { _ in try store.locks().count }
        },
    ]

    static let signals = [
        Operation("semaphore: acquire, release") { store in
            let permits = try store.semaphore("s", count: 2)
            return each { _ in
                try permits.acquire()
                try permits.release()
            }
        },
        Operation("semaphore: withPermit") { store in
            let permits = try store.semaphore("s", count: 2)
            return each { _ in try permits.withPermit {} }
        },
        Operation("semaphore: tryAcquire, release") { store in
            let permits = try store.semaphore("s", count: 2)
            return each { _ in if try permits.tryAcquire() { try permits.release() } }
        },
        Operation("event: wait for one that is set") { store in
            let event = try store.event("e")
            try event.set()
            return each { _ in _ = try event.wait() }
        },
        Operation("event: set, clear") { store in
            let event = try store.event("e")
            return each { _ in
                try event.set()
                try event.clear()
            }
        },
        Operation("barrier: of one", isShared: false) { store in
            let barrier = try store.barrier("b", parties: 1)
            return each { _ in _ = try barrier.wait() }
        },
        Operation("latch: wait for one that is open") { store in
            let latch = try store.latch("l", count: 1)
            try latch.countDown()
            return each { _ in _ = try latch.wait() }
        },
        Operation("once: that is done") { store in
            let once = try store.once("o")
            try once.perform {}
            return each { _ in _ = try once.perform {} }
        },
    ]
}

import CBare
import Cellar
import Glibc

/// Locks and signals by name that nobody else wants, beside a bare robust mutex.
struct SyncRows {
    let path: String
    let operations: Int
    let rounds: Int

    func rows() throws -> [Row] {
        let store = try Store.open(path)
        defer { store.close() }
        let page = unsafe bare_shared_page()!
        let n = operations
        let (mutex, recursive) = (try store.mutex("mutex"), try store.recursiveMutex("recursive"))
        let (lock, permits) = (try store.readWriteLock("lock"), try store.semaphore("permits", count: 2))
        let (event, once) = (try store.event("event"), try store.once("once"))
        let condition = try store.condition("condition", of: mutex)
        try event.set()
        try once.perform {}
        func row(_ name: String, _ limit: Double?, _ ours: @escaping () -> Void) -> Row {
            let row = Comparison(name: name, limit: limit, ours: { time(n, ours) }) {
                time(n) { unsafe bare_lock_pairs(page, n) }
            }.run(rounds: rounds)
            print(row.line)
            return row
        }
        return [
            row("mutex", 1.3) { Work.lock(mutex, n) },
            row("mutex with recovery", 1.4) { Work.recover(mutex, n) },
            row("recursive mutex", nil) { Work.lock(recursive, n) },
            row("read lock", nil) { Work.read(lock, n) },
            row("write lock", nil) { Work.write(lock, n) },
            row("semaphore, acquire and release", nil) { Work.acquire(permits, n) },
            row("semaphore, withPermit", nil) { Work.permit(permits, n) },
            row("condition that is met", nil) { Work.meet(condition, n) },
            row("event that is set", nil) { Work.wait(event, n) },
            row("set an event", nil) { Work.set(event, n) },
            row("once that is done", nil) { Work.perform(once, n) },
        ]
    }
}

extension Work {
    @inline(never) static func lock(_ mutex: SharedMutex, _ count: Int) {
        var sum = 0
        for _ in 0..<count { try? mutex.withLock { sum &+= 1 } }
        sink(sum)
    }
    @inline(never) static func recover(_ mutex: SharedMutex, _ count: Int) {
        var sum = 0
        for _ in 0..<count { try? mutex.withLock(recovering: {}) { sum &+= 1 } }
        sink(sum)
    }
    @inline(never) static func lock(_ mutex: SharedRecursiveMutex, _ count: Int) {
        for _ in 0..<count { try? mutex.withLock {} }
    }
    @inline(never) static func read(_ lock: SharedReadWriteLock, _ count: Int) {
        for _ in 0..<count { try? lock.withReadLock {} }
    }
    @inline(never) static func write(_ lock: SharedReadWriteLock, _ count: Int) {
        for _ in 0..<count { try? lock.withWriteLock {} }
    }
    @inline(never) static func acquire(_ permits: SharedSemaphore, _ count: Int) {
        for _ in 0..<count {
            try? permits.acquire()
            try? permits.release()
        }
    }
    @inline(never) static func permit(_ permits: SharedSemaphore, _ count: Int) {
        for _ in 0..<count { try? permits.withPermit {} }
    }
    @inline(never) static func meet(_ condition: SharedCondition, _ count: Int) {
        for _ in 0..<count { try? condition.withLock { lock in try lock.wait(while: { false }) } }
    }
    @inline(never) static func wait(_ event: SharedEvent, _ count: Int) {
        for _ in 0..<count { _ = try? event.wait() }
    }
    @inline(never) static func set(_ event: SharedEvent, _ count: Int) {
        for _ in 0..<count { try? event.set() }
    }
    @inline(never) static func perform(_ once: SharedOnce, _ count: Int) {
        for _ in 0..<count { _ = try? once.perform {} }
    }
}

import BenchmarkSupport
import Cellar

/// Locks that nobody else wants, and one that others do.
var lockWorks: [String: (Place) throws -> Work] {
    [
        "lock": alone { store in
            let mutex = try store.mutex("mutex")
            return { try LockLoops.lock(mutex, $0) }
        },
        "lock-recovering": alone { store in
            let mutex = try store.mutex("mutex")
            return { try LockLoops.recover(mutex, $0) }
        },
        "lock-value": alone { store in
            let value = try store.value("value", initial: Block64())
            return { try LockLoops.lock(value, $0) }
        },
        "lock-read": alone { store in
            let lock = try store.readWriteLock("lock")
            return { try LockLoops.read(lock, $0) }
        },
        "lock-write": alone { store in
            let lock = try store.readWriteLock("lock")
            return { try LockLoops.write(lock, $0) }
        },
        "semaphore": alone { store in
            let permits = try store.semaphore("permits", count: 2)
            return { try LockLoops.acquire(permits, $0) }
        },
        "lock-recursive": alone { store in
            let mutex = try store.recursiveMutex("mutex")
            return { try LockLoops.lock(mutex, $0) }
        },
        "permit": alone { store in
            let permits = try store.semaphore("permits", count: 2)
            return { try LockLoops.permit(permits, $0) }
        },
        "condition-met": alone { store in
            let condition = try store.condition("condition", of: try store.mutex("mutex"))
            return { try LockLoops.meet(condition, $0) }
        },
        "event-wait": alone { store in
            let event = try store.event("event")
            try event.set()
            return { try LockLoops.wait(event, $0) }
        },
        "event-set": alone { store in
            let event = try store.event("event")
            return { try LockLoops.set(event, $0) }
        },
        "once": alone { store in
            let once = try store.once("once")
            return { try LockLoops.perform(once, $0) }
        },
        "lock-fought": fought,
    ]
}

private func alone(_ prepare: @escaping (Store) throws -> (Int) throws -> Void) -> (Place) throws -> Work {
    { place in
        let store = try place.open()
        let run = try prepare(store)
        return place.work(store) { count in try time { try run(count) } }
    }
}

/// All lock, add one to a number by a load and a store, and unlock.
private func fought(_ place: Place) throws -> Work {
    let store = try place.open()
    let others = try Parts("locker", count: place.number("processes", default: 2) - 1, at: place)
    let (mutex, number) = (try store.mutex("mutex"), try store.value("number", initial: 0))
    return Work { count in
        let share = count / (others.count + 1) + 1
        number.store(0)
        let taken = try others.run(share: share) { try LockLoops.count(mutex, number, share) }.nanoseconds
        guard number.load() == share * (others.count + 1) else { throw Skip("an addition was lost") }
        return taken * Double(count) / Double(share * (others.count + 1))
    } finish: {
        others.end()
        store.close()
        place.remove()
    }
}

enum LockParts {
    static func locker(_ store: Store, _ place: Place) throws -> (Int) throws -> Double {
        let (mutex, number) = (try store.mutex("mutex"), try store.value("number", initial: 0))
        return { share in
            try LockLoops.count(mutex, number, share)
            return 0
        }
    }
}

enum LockLoops {
    @inline(never) static func lock(_ mutex: SharedMutex, _ count: Int) throws {
        var sum = 0
        for _ in 0..<count { try mutex.withLock { sum &+= 1 } }
        sink(sum)
    }
    @inline(never) static func recover(_ mutex: SharedMutex, _ count: Int) throws {
        var sum = 0
        for _ in 0..<count { try mutex.withLock(recovering: {}) { sum &+= 1 } }
        sink(sum)
    }
    @inline(never) static func lock(_ value: SharedValue<Block64>, _ count: Int) throws {
        for _ in 0..<count { try value.withLock { $0.a &+= 1 } }
    }
    @inline(never) static func read(_ lock: SharedReadWriteLock, _ count: Int) throws {
        for _ in 0..<count { try lock.withReadLock {} }
    }
    @inline(never) static func write(_ lock: SharedReadWriteLock, _ count: Int) throws {
        for _ in 0..<count { try lock.withWriteLock {} }
    }
    @inline(never) static func acquire(_ permits: SharedSemaphore, _ count: Int) throws {
        for _ in 0..<count {
            try permits.acquire()
            try permits.release()
        }
    }
    @inline(never) static func lock(_ mutex: SharedRecursiveMutex, _ count: Int) throws {
        for _ in 0..<count { try mutex.withLock {} }
    }
    @inline(never) static func permit(_ permits: SharedSemaphore, _ count: Int) throws {
        for _ in 0..<count { try permits.withPermit {} }
    }
    @inline(never) static func meet(_ condition: SharedCondition, _ count: Int) throws {
        for _ in 0..<count { try condition.withLock { lock in try lock.wait(while: { false }) } }
    }
    @inline(never) static func wait(_ event: SharedEvent, _ count: Int) throws {
        for _ in 0..<count { _ = try event.wait() }
    }
    @inline(never) static func set(_ event: SharedEvent, _ count: Int) throws {
        for _ in 0..<count { try event.set() }
    }
    @inline(never) static func perform(_ once: SharedOnce, _ count: Int) throws {
        for _ in 0..<count { _ = try once.perform {} }
    }
    @inline(never) static func count(_ mutex: SharedMutex, _ number: SharedValue<Int>, _ count: Int) throws {
        for _ in 0..<count { try mutex.withLock { number.store(number.load() &+ 1) } }
    }
}

import Cellar

/// A lock of any kind that can be held while something else runs.
struct HeldLock {
    private enum Kind {
        case mutex(SharedMutex)
        case readWrite(SharedReadWriteLock, isShared: Bool)
        case semaphore(SharedSemaphore, permits: Int)
    }

    /// What is to be said where who held the lock died.
    struct Death {
        var message: String
    }

    private let kind: Kind
    private let name: String

    /// The lock of the name, or one that is made: a mutex, or a read-write lock to be shared.
    init(_ name: String, isShared: Bool, permits: Int?, in store: Store) throws {
        self.name = name
        let info = try store.cellInfo(name)
        switch info?.kind {
        case .mutex where !isShared && permits == nil: kind = .mutex(try store.mutex(name))
        case .readWriteLock where permits == nil: kind = .readWrite(try store.readWriteLock(name), isShared: isShared)
        case .semaphore where !isShared:
            kind = .semaphore(try FormNumbers(info?.form ?? "").semaphore(name, in: store), permits: permits ?? 1)
        case nil where isShared: kind = .readWrite(try store.readWriteLock(name), isShared: true)
        case nil where permits == nil: kind = .mutex(try store.mutex(name))
        case nil:
            throw ToolError(.noInput, "there is no semaphore '\(name)': make one with 'cellar new … --semaphore'")
        case let found?:
            throw ToolError(
                .badData,
                "'\(name)' is a \(found.rawValue): what can be held is a mutex, a read-write lock (--shared) or a semaphore "
                    + "(--permits)")
        }
    }

    /// Runs `body` while the lock is held; nil if it was not free and there is no patience. Throws `.timedOut` after the patience.
    func whileHeld<Result>(patience: Duration?, _ body: (Death?) throws -> Result) throws -> Result? {
        switch kind {
        case .mutex(let mutex):
            // A mutex that a dead process held is not free for who does not wait: it is to be had, though.
            if let patience { return try mutex.withLock(timeout: patience) { try recovering(mutex, body) } }
            return try mutex.withLockIfAvailable { try recovering(mutex, body) }
        case .readWrite(let lock, isShared: true):
            if let patience { return try lock.withReadLock(timeout: patience) { try body(nil) } }
            return try lock.withReadLockIfAvailable { try body(nil) }
        case .readWrite(let lock, isShared: false):
            if let patience { return try lock.withWriteLock(timeout: patience) { try body(nil) } }
            return try lock.withWriteLockIfAvailable { try body(nil) }
        case .semaphore(let semaphore, let permits):
            if let patience { return try semaphore.withPermit(permits, timeout: patience) { try body(nil) } }
            guard try semaphore.tryAcquire(permits) else { return nil }
            defer { try? semaphore.release(permits) }
            return try body(nil)
        }
    }

    /// What a dead holder left is put right once `body` has come through without an error.
    private func recovering<Result>(_ mutex: SharedMutex, _ body: (Death?) throws -> Result) throws -> Result {
        guard mutex.isAbandoned else { return try body(nil) }
        let result = try body(
            Death(message: "a process died while it held the mutex '\(name)': what it was at may be half done"))
        if (result as? ChildProcess.Ending)?.isSuccess ?? true { mutex.setRecovered() }
        return result
    }
}

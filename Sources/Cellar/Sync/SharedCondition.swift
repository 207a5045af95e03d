/// A named place to wait, with a mutex, until what the mutex guards is as it should be.
///
/// ```swift
/// try ready.withLock { lock in
///     try lock.wait(while: { items.load() == 0 })
///     …
/// }
/// ```
///
/// Whoever changes what is waited for does so in `withLock` of the condition, or of its mutex, and notifies one or all of those
/// who wait. A waiter that was notified and dies passes that on; those who wait look for themselves after any death, and once a
/// second. At most 250 wait at a time.
public struct SharedCondition: Sendable {
    let core: SyncCore
    /// The mutex that it belongs to.
    public let mutex: SharedMutex

    init(_ core: SyncCore, _ mutex: SharedMutex) {
        self.core = core
        self.mutex = mutex
    }

    /// Runs `body` with the mutex, in which it can wait.
    ///
    /// Blocks and throws as the same of ``SharedMutex``. `recovering` as there; it may run in `body`'s waits, too.
    @inline(never)
    public func withLock<Result>(
        timeout: Duration? = nil, recovering: (() throws -> Void)? = nil, _ body: (inout Lock) throws -> Result
    ) throws -> Result {
        var lock = Lock(condition: self, recovering: recovering)
        try lock.take(timeout: timeout)
        defer { lock.giveBack() }
        return try body(&lock)
    }

    /// For a task: waits until `isBlocked` is false, and then runs `body`; both with the mutex. Blocks no thread.
    ///
    /// Throws `.timedOut` after `timeout` (nil is no limit), `CancellationError` if the task is cancelled as it waits, `.closed`,
    /// `.removed`, `.readOnly`, `.limitReached`; what `isBlocked` and `body` throw.
    nonisolated(nonsending) public func withLock<Result>(
        timeout: Duration? = nil, while isBlocked: () throws -> Bool, _ body: () throws -> Result
    ) async throws -> Result {
        let deadline = MonotonicClock.deadline(after: timeout)
        var seat: PartySeat?
        defer { if let seat { core.end(seat) } }
        while true {
            let result: Result? = try await mutex.withLock {
                guard try isBlocked() else { return try body() }
                // A place before the mutex is given back.
                if seat == nil { seat = try core.enterCondition() }
                return nil
            }
            if let result { return result }
            // Also where somebody died, and each second: who changed something may not have come to notify.
            let place = seat!
            seat = nil
            // The place is given up where this throws, or the time is over.
            guard let state = try await core.waitQuietly(place, until: deadline, once: true) else {
                throw core.waitedInVain("at")
            }
            if state.phase == .waiting { seat = place } else { core.free(place) }
        }
    }

    /// Wakes the one who has waited longest. Under the mutex or not: but what is waited for is changed under it. Throws `.removed`,
    /// `.closed`, `.readOnly`; `.timedOut` where another process is stopped as it works the condition.
    public func notifyOne() throws(StoreError) { try core.notify(all: false) }

    /// Wakes all who wait. Throws as `notifyOne`.
    public func notifyAll() throws(StoreError) { try core.notify(all: true) }
}

extension SharedCondition {
    /// The mutex of a condition, for the length of a closure.
    public struct Lock: ~Copyable {
        private let condition: SharedCondition
        private let recovering: (() throws -> Void)?
        private var isHeld = false

        init(condition: SharedCondition, recovering: (() throws -> Void)?) {
            self.condition = condition
            self.recovering = recovering
        }

        /// Waits while `isBlocked` is true: it is asked with the mutex held, which is given up in between.
        ///
        /// Blocks; throws `.timedOut` after `timeout` (nil is no limit), with the mutex; `.closed`, `.removed`, `.limitReached`, what
        /// `isBlocked` throws. Where the mutex was not to be had again, the closure has to end, too.
        @inline(never)
        public mutating func wait(timeout: Duration? = nil, while isBlocked: () throws -> Bool) throws {
            guard isHeld else {
                throw StoreError(.inUse, "the mutex of \(condition.core.title) is lost: end the closure")
            }
            let core = condition.core
            let deadline = MonotonicClock.deadline(after: timeout)
            var seat: PartySeat?
            defer { if let seat { core.end(seat) } }
            while try isBlocked() {
                // Before the mutex is given back: who changes something after that finds the place, and notifies.
                let place = try seat ?? core.enterCondition()
                seat = nil
                giveBack()
                // Also where somebody died, and each second: who changed something may not have come to notify.
                let outcome = Swift.Result { () throws(StoreError) in
                    try core.wait(place, until: deadline, once: true)
                }
                // The place was given up where that threw, or the time is over.
                if case .success(let state?) = outcome {
                    if state.phase == .waiting { seat = place } else { core.free(place) }
                }
                try take(timeout: nil)
                if try outcome.get() == nil, try isBlocked() { throw core.waitedInVain("at") }
            }
        }

        /// Wakes the one who has waited longest: it goes on when the mutex is free.
        public func notifyOne() throws(StoreError) { try condition.notifyOne() }

        /// Wakes all who wait.
        public func notifyAll() throws(StoreError) { try condition.notifyAll() }

        mutating func take(timeout: Duration?) throws {
            try condition.mutex.lock(timeout: timeout)
            isHeld = true
            guard let recovering, condition.mutex.core.isAbandoned else { return }
            do { try recovering() } catch {
                giveBack()
                throw error
            }
            condition.mutex.core.recovered()
        }

        mutating func giveBack() {
            if isHeld { condition.mutex.unlock() }
            isHeld = false
        }
    }
}

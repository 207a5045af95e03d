import CCellar

extension QueueMemory {
    /// Whether it may be worth an attempt. Without the lock.
    func seemsReady(_ bell: QueueBell) -> Bool {
        switch bell {
        case .items: unsafe SharedWord(index + CELLAR_QUEUE_INDEX_LEVELS).relaxed() != 0
        case .spaces: unsafe SharedFutex(index + CELLAR_QUEUE_INDEX_FIRST_FREE).acquire() != 0
        case .done: false
        }
    }
}

/// What an attempt under the lock came to.
enum QueueOutcome<Result> {
    case done(Result)
    /// The queue is closed, and there will be nothing.
    case end
    /// There is nothing yet.
    case wait
    /// The task that waits was cancelled.
    case cancelled
}

/// One who waits for a queue: registered under the lock, so that whoever makes a change knows whether anybody sleeps.
///
/// A waiter counts itself before it sleeps; who wakes it counts it out. One whose time is over while the bell has not moved
/// was not counted out, and does that itself. So the count is never too low, and nobody is forgotten; where a process died,
/// it may be too high until the next wake, which costs a system call.
struct QueueWait {
    let bell: QueueBell
    let deadline: Int64
    /// The bell as it was when this waiter was counted; nil while it is not.
    private(set) var seen: UInt32?
    /// Whether it has looked for a while already, and is to sleep now.
    var hasSpun: Bool

    /// Nobody sleeps for longer without looking.
    private static let slice: Int64 = 250_000_000

    init(_ bell: QueueBell, until deadline: Int64, spins: Bool) {
        hasSpun = !spins
        self.bell = bell
        self.deadline = deadline
    }

    private func count(in memory: QueueMemory) -> UnsafeMutablePointer<UInt32> {
        switch bell {
        case .items: unsafe waiting(memory, \.waiting_consumers)
        case .spaces: unsafe waiting(memory, \.waiting_producers)
        case .done: unsafe waiting(memory, \.waiting_joiners)
        }
    }

    @unsafe
    private func waiting(_ memory: QueueMemory, _ path: WritableKeyPath<cellar_queue_index, UInt32>)
        -> UnsafeMutablePointer<UInt32>
    {
        let offset = MemoryLayout<cellar_queue_index>.offset(of: path)!
        return unsafe (memory.index + offset).assumingMemoryBound(to: UInt32.self)
    }

    /// Under the lock, after a sleep. False if somebody had counted it out.
    @discardableResult
    mutating func leave(_ memory: QueueMemory) -> Bool {
        // No crash point: see above.
        guard let seen else { return true }
        self.seen = nil
        let count = unsafe count(in: memory)
        guard memory.bell(bell).acquire() == seen else { return false }
        if unsafe count.pointee > 0 { unsafe count.pointee -= 1 }
        return true
    }

    /// Under the lock, before a sleep.
    mutating func enter(_ memory: QueueMemory) {
        // No crash point: see above.
        unsafe count(in: memory).pointee &+= 1
        seen = memory.bell(bell).acquire()
    }

    /// Until when to sleep at most. Under the lock: until an item is due or a lease is over.
    func limit(_ memory: QueueMemory, _ now: Int64) throws(StoreError) -> Int64 {
        var limit = min(deadline, now + Self.slice)
        if bell != .items { return limit }
        if let due = try memory.nextDue {
            let wall = MonotonicClock.wall() / 1_000_000
            // It may be due in a thousand years, or be damaged.
            let left = Int64(clamping: min(due > wall ? due - wall : 0, 1000))
            limit = min(limit, now + left * 1_000_000 + 1_000_000)
        }
        let end = unsafe memory.state.pointee.next_lease_end
        if end != .max {
            let coarse = QueueMemory.monotonicMilliseconds
            limit = min(limit, now + Int64(min(end > coarse ? end - coarse : 0, 1000)) * 1_000_000 + 4_000_000)
        }
        return limit
    }
}

extension QueueCore {
    /// Tries until it is done, the queue is at its end, or the deadline has passed (nil). Blocks the thread.
    func waiting<Result>(
        for bell: QueueBell, until deadline: Int64,
        _ attempt: (QueueMemory, inout Wakes) throws(StoreError) -> QueueOutcome<Result>
    ) throws(StoreError) -> QueueOutcome<Result> {
        var wait = QueueWait(bell, until: deadline, spins: true)
        while true {
            let (outcome, limit) = try step(&wait, attempt)
            guard case .wait = outcome, let limit else { return outcome }
            if let seen = wait.seen {
                attachment.sleep(while: memory.bell(bell), is: seen, until: limit)
                wait.hasSpun = false
            } else {
                _ = itemSpin.spin { memory.seemsReady(bell) }
                wait.hasSpun = true
            }
        }
    }

    /// The same; blocks no thread.
    func waiting<Result>(
        for bell: QueueBell, until deadline: Int64,
        _ attempt: @Sendable (QueueMemory, inout Wakes) throws(StoreError) -> QueueOutcome<Result>
    ) async throws(StoreError) -> QueueOutcome<Result> {
        var wait = QueueWait(bell, until: deadline, spins: false)
        while true {
            let (outcome, limit) = try step(&wait, attempt)
            guard case .wait = outcome, let limit else { return outcome }
            guard let seen = wait.seen else { continue }
            let woken = try await WaitingRooms.wait(
                while: memory.bell(bell), is: seen, until: limit, keeping: attachment,
                unless: { [attachment] in attachment.isClosed })
            if woken == .cancelled {
                try locked { (memory, wakes) throws(StoreError) in
                    // Whoever counted this one out meant to wake somebody who goes on.
                    if wait.leave(memory) { return }
                    if bell == .items { tellConsumers(1, &wakes) }
                    if bell == .spaces { tellProducers(1, &wakes) }
                }
                return .cancelled
            }
        }
    }

    /// One attempt, with what goes before and after it under the lock. The first that fails registers nobody yet: there may
    /// be something in a moment. Returns until when to sleep, nil if the time is over.
    private func step<Result>(
        _ wait: inout QueueWait, _ attempt: (QueueMemory, inout Wakes) throws(StoreError) -> QueueOutcome<Result>
    ) throws(StoreError) -> (QueueOutcome<Result>, Int64?) {
        var limit: Int64?
        let outcome = try locked { (memory, wakes) throws(StoreError) in
            wait.leave(memory)
            let outcome = try attempt(memory, &wakes)
            guard case .wait = outcome else { return outcome }
            let now = MonotonicClock.now()
            guard now < wait.deadline else { return outcome }
            limit = try wait.limit(memory, now)
            if wait.hasSpun { wait.enter(memory) }
            return outcome
        }
        return (outcome, limit)
    }
}

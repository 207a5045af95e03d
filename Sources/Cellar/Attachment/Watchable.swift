/// Something in shared memory whose changes can be waited for: a count that moves on, and how to tell whether it did.
/// Here is how to wait; what it is that changes, only those know who conform.
///
/// A version is taken armed (`WatchWord.arm`, and a barrier): as long as it is current, whoever changes something moves
/// the count on and wakes. So to wait is to sleep on the count, for as long as the version is current.
protocol Watchable: Sendable {
    associatedtype Version: Sendable
    var attachment: Attachment { get }
    /// Moves on with every change that was armed for.
    var count: SharedFutex { get }
    /// Whether it is gone for good. The count moves on after that.
    var isRemoved: Bool { get }
    /// Whether nothing changed since the version was taken.
    func isCurrent(_ version: Version) -> Bool
}

extension Watchable {
    func checkWatchable() throws(StoreError) {
        try attachment.checkUsable()
        if isRemoved { throw attachment.removedError }
    }

    /// Waits until something changed after the version. False if the deadline passed before. Blocks the thread.
    func waitForChange(after version: Version, until deadline: Int64) throws(StoreError) -> Bool {
        var pace = PollPace(attachment)
        while true {
            // The count first: what happens after the looks below finds the word changed, and nobody sleeps on it.
            let seen = count.acquire()
            try checkWatchable()
            if !pace.look({ isCurrent(version) }) { return true }
            if MonotonicClock.now() >= deadline { return false }
            attachment.sleep(while: count, is: seen, until: min(deadline, pace.next()))
        }
    }

    /// Waits until something changed after the version. False if the task was cancelled. Blocks no thread.
    func waitForChange(after version: Version) async throws(StoreError) -> Bool {
        var pace = PollPace(attachment)
        while true {
            let seen = count.acquire()
            try checkWatchable()
            if !pace.look({ isCurrent(version) }) { return true }
            let outcome = try await WaitingRooms.wait(
                while: count, is: seen, until: pace.next(), keeping: attachment, unless: { attachment.isClosed })
            if outcome == .cancelled { return false }
        }
    }
}

extension Attachment {
    /// Whether this process can ask writers to tell it of changes. One that may not write looks from time to time.
    var canArm: Bool { writePolicy != Self.readOnly }

    var isClosed: Bool { closed.load(ordering: .acquiring) }

    /// How long a thread sleeps where the kernel cannot have it sleep on two words, before it looks whether the store was
    /// closed.
    private static let slice: Int64 = 20_000_000

    /// Sleeps while the word is `expected` and the attachment is open; may wake early for no reason.
    fileprivate func sleep(while futex: SharedFutex, is expected: UInt32, until deadline: Int64) {
        let heard = ending.futex.acquire()
        if isClosed || canArm && spin.spin({ futex.acquire() != expected }) { return }
        var words = FutexSet()
        words.add(futex, while: expected)
        words.add(ending.futex, while: heard)
        if words.sleep(until: deadline) { return }
        futex.wait(while: expected, atMost: min(deadline - MonotonicClock.now(), Self.slice))
    }
}

/// How often to look where nobody tells: at first each millisecond, then less and less often while nothing changes, down
/// to each 50 ms; and never so often that looking takes more than a tenth of the time.
private struct PollPace {
    private let isNeeded: Bool
    private var interval: Int64 = 1_000_000
    private var cost: Int64 = 0
    private static let longest: Int64 = 50_000_000

    init(_ attachment: Attachment) { isNeeded = !attachment.canArm }

    mutating func look(_ body: () -> Bool) -> Bool {
        guard isNeeded else { return body() }
        let start = MonotonicClock.now()
        let result = body()
        cost = MonotonicClock.now() - start
        return result
    }

    /// When to look again at the latest.
    mutating func next() -> Int64 {
        guard isNeeded else { return MonotonicClock.never }
        defer { interval = min(interval * 2, Self.longest) }
        return MonotonicClock.now() + max(interval, cost * 10)
    }
}

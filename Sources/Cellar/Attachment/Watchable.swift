/// Something in shared memory whose changes can be waited for: how to look whether it changed, how to have writers tell,
/// and the count that they move on then. Here is how to wait; what it is that changes, only those know who conform.
///
/// To wait is to look; to read the count; to arm (`WatchWord.arm`, and a barrier); to look once more; and to sleep on the
/// count for as long as it is what was read.
protocol Watchable: Sendable {
    associatedtype Version: Sendable
    var attachment: Attachment { get }
    /// Moves on with every change that was armed for.
    var count: SharedFutex { get }
    /// Throws if it is gone for good. The count moves on after that.
    func checkThere() throws(StoreError)
    /// Whether nothing changed since the version was taken.
    func isCurrent(_ version: Version) -> Bool
    /// The same, without going through many words: by what the count was if need be.
    func seemsCurrent(_ version: Version, at count: UInt32) -> Bool
    /// Has writers tell of changes from now on, if they do not already.
    func prepareToSleep() throws(StoreError)
}

extension Watchable {
    func checkWatchable() throws(StoreError) {
        try attachment.checkUsable()
        try checkThere()
    }

    /// Waits until something changed after the version. False if the deadline passed before. Blocks the thread.
    func waitForChange(after version: Version, until deadline: Int64) throws(StoreError) -> Bool {
        var pace = PollPace(attachment)
        while true {
            try checkWatchable()
            if !pace.look({ isCurrent(version) }) { return true }
            if MonotonicClock.now() >= deadline { return false }
            let seen = count.acquire()
            if attachment.canArm, attachment.spin.spin({ !seemsCurrent(version, at: seen) }) { continue }
            if try !mustSleep(version) { continue }
            attachment.sleep(while: count, is: seen, until: min(deadline, pace.next()))
        }
    }

    /// Waits until something changed after the version. False if the task was cancelled. Blocks no thread.
    func waitForChange(after version: Version) async throws(StoreError) -> Bool {
        var pace = PollPace(attachment)
        while true {
            try checkWatchable()
            if !pace.look({ isCurrent(version) }) { return true }
            let seen = count.acquire()
            if try !mustSleep(version) { continue }
            let outcome = try await WaitingRooms.wait(
                while: count, is: seen, until: pace.next(), keeping: attachment, unless: { attachment.isClosed })
            if outcome == .cancelled { return false }
        }
    }

    /// Arms, and looks once more. What changes, or goes, after that finds the count moved on, and nobody sleeps on it.
    private func mustSleep(_ version: Version) throws(StoreError) -> Bool {
        // Who is not told has just looked.
        guard attachment.canArm else { return true }
        try prepareToSleep()
        try checkThere()
        return isCurrent(version)
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
    func sleep(while futex: SharedFutex, is expected: UInt32, until deadline: Int64) {
        let heard = ending.futex.acquire()
        if isClosed { return }
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
    /// How long who is told sleeps before looking all the same: a writer may be stopped before it tells.
    private static let patrol: Int64 = 1_000_000_000

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
        guard isNeeded else { return MonotonicClock.now() + Self.patrol }
        defer { interval = min(interval * 2, Self.longest) }
        return MonotonicClock.now() + max(interval, cost * 10)
    }
}

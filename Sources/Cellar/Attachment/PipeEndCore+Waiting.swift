import CCellar

/// What an attempt to send or to receive came to.
@safe
enum PipeAttempt<Place> {
    case done(Place)
    /// Another thread of this process is at it.
    case busy
    /// The other end has to do something first: this word is then no longer so.
    case nothing(SharedWord, UInt64)

    /// The same, without what was found.
    var place: PipeAttempt<Void> {
        switch self {
        case .done: .done(())
        case .busy: .busy
        case .nothing(let word, let value): .nothing(word, value)
        }
    }
}

/// What there is to wait at: a side of a ring that the other end moves on.
struct PipeWait {
    let side: PipeSide
    let lock: PrivateLock
    let spin: SpinBudget
    /// What to say when it was in vain.
    let timedOut: String
}

extension PipeEndCore {
    /// How long anybody sleeps before looking whether the other end is still there, whoever failed to say so.
    private static let patrol: Int64 = 1_000_000_000

    static func deadline(_ timeout: Duration?) -> Int64 {
        timeout.map { MonotonicClock.deadline(after: $0) } ?? MonotonicClock.never
    }

    /// Attempts again and again: looks for a while, asks to be woken, looks once more, sleeps. Blocks the thread; `.timedOut`
    /// at the deadline.
    @inline(never)
    func attempt<Place>(
        _ wait: PipeWait, until deadline: Int64, _ attempt: () throws(StoreError) -> PipeAttempt<Place>
    ) throws(StoreError) -> Place {
        var armed: UInt32?
        while true {
            switch try attempt() {
            case .done(let place): return place
            case .busy:
                guard wait.lock.lock(until: deadline) else { throw StoreError(.timedOut, wait.timedOut) }
                wait.lock.unlock()
                armed = nil
            case .nothing(let word, let value):
                guard MonotonicClock.now() < deadline else { throw StoreError(.timedOut, wait.timedOut) }
                if let seen = armed {
                    attachment.sleep(
                        while: wait.side.bell, is: seen, until: min(deadline, MonotonicClock.now() + Self.patrol))
                    armed = nil
                    _ = looksGone()
                } else if !wait.spin.spin({ word.acquire() != value }) {
                    armed = try arm(wait.side)
                }
            }
        }
    }

    /// The same for a task, which looks but once before it waits; false if it was cancelled. Blocks no thread.
    func wait(
        _ wait: PipeWait, _ attempt: () throws(StoreError) -> PipeAttempt<Void>
    ) async throws(StoreError) -> Bool {
        var armed: UInt32?
        while true {
            let word: SharedFutex
            let expected: UInt32
            let owner: any AnyObject & Sendable
            switch try attempt() {
            case .done: return true
            case .busy:
                armed = nil
                if wait.lock.announce() {
                    wait.lock.unlock()
                    continue
                }
                (word, expected, owner) = (wait.lock.futex, PrivateLock.contended, self)
            case .nothing:
                guard let seen = armed else {
                    armed = try arm(wait.side)
                    continue
                }
                (word, expected, owner) = (wait.side.bell, seen, attachment)
                armed = nil
            }
            let outcome = try await WaitingRooms.wait(
                while: word, is: expected, until: MonotonicClock.now() + Self.patrol, keeping: owner,
                unless: { attachment.isClosed })
            if outcome == .cancelled { return false }
            _ = looksGone()
        }
    }

    /// Asks to be woken when the other end moves on. Another look comes after it.
    private func arm(_ side: PipeSide) throws(StoreError) -> UInt32 {
        let seen = side.arm()
        // Between asking and looking; pairs with the fence of the other end between moving on and looking who waits.
        try memory.segment.passBarrier()
        _ = looksGone()
        return seen
    }
}

import CCellar
import Synchronization

/// What an attempt to send or to receive came to.
@safe
enum PipeAttempt<Place> {
    case done(Place)
    /// Another thread of this process is at it.
    case busy
    /// The other end has to do something first.
    case nothing

    /// The same, without what was found.
    var place: PipeAttempt<Void> {
        switch self {
        case .done: .done(())
        case .busy: .busy
        case .nothing: .nothing
        }
    }
}

/// Whether those of this process who wait at a side look for a while, or sleep, and so want to be woken.
final class PipePatience: Sendable {
    let spin = SpinBudget(probes: true)
    /// Who sleeps, or is about to. Raised under the lock that `wentOn` is called under.
    let sleepers = Atomic(0)
    /// How often it went on without a sleep since somebody asked to be woken. Under that lock.
    private let streak = Atomic(enough + 1)
    /// So often, and nobody asks any more.
    private static let enough = 16

    func asked() { streak.store(0, ordering: .relaxed) }

    /// A message came or went.
    @inline(__always)
    func wentOn(_ side: PipeSide) {
        let count = streak.load(ordering: .relaxed)
        if count > Self.enough { return }
        if count == Self.enough {
            guard sleepers.load(ordering: .relaxed) == 0 else { return }
            side.stopAsking()
        }
        streak.store(count &+ 1, ordering: .relaxed)
    }
}

/// What there is to wait at: a side of a ring that the other end moves on.
struct PipeWait {
    let side: PipeSide
    let lock: PrivateLock
    let patience: PipePatience
    /// What to say when it was in vain.
    let timedOut: String
}

extension PipeEndCore {
    /// How long anybody sleeps before looking whether the other end is still there, whoever failed to say so.
    private static let patrol: Int64 = 1_000_000_000
    /// How long anybody waits for another thread of this process before looking whether the end is still open.
    private static let slice: Int64 = 20_000_000

    /// Attempts again and again, after a first time: asks to be woken, attempts once more, sleeps. Blocks the thread; `.timedOut`
    /// at the deadline.
    @inline(never)
    func attempt<Place>(
        _ wait: PipeWait, after first: PipeAttempt<Place>, _ timeout: Duration?,
        _ attempt: (_ spins: Bool) throws(StoreError) -> PipeAttempt<Place>
    ) throws(StoreError) -> Place {
        let deadline = MonotonicClock.deadline(after: timeout)
        var outcome = first
        while true {
            switch outcome {
            case .done(let place): return place
            case .busy:
                if try lock(wait, until: deadline) { wait.lock.unlock() }
            case .nothing:
                if deadline != MonotonicClock.never, MonotonicClock.now() >= deadline {
                    throw StoreError(.timedOut, wait.timedOut)
                }
                if let place = try sleep(wait, until: deadline, attempt) { return place }
            }
            outcome = try attempt(true)
        }
    }

    /// Takes the lock of this process. False after a while, for another look whether the end is open; `.timedOut` at the
    /// deadline.
    private func lock(_ wait: PipeWait, until deadline: Int64) throws(StoreError) -> Bool {
        if wait.lock.lock(until: min(deadline, MonotonicClock.now() + Self.slice)) { return true }
        if MonotonicClock.now() >= deadline { throw StoreError(.timedOut, wait.timedOut) }
        return false
    }

    /// Asks to be woken, attempts once more, and sleeps if there still is nothing.
    private func sleep<Place>(
        _ wait: PipeWait, until deadline: Int64, _ attempt: (_ spins: Bool) throws(StoreError) -> PipeAttempt<Place>
    ) throws(StoreError) -> Place? {
        guard try lock(wait, until: deadline) else { return nil }
        let seen = try ask(wait)
        defer { wait.patience.sleepers.subtract(1, ordering: .relaxed) }
        switch try attempt(false) {
        case .done(let place): return place
        case .busy: return nil
        case .nothing:
            let longest =
                deadline == MonotonicClock.never ? Self.patrol : min(deadline - MonotonicClock.now(), Self.patrol)
            wait.side.bell.wait(while: seen, atMost: longest)
            _ = looksGone()
            return nil
        }
    }

    /// The same for a task, which looks but once before it waits; false if it was cancelled. Blocks no thread.
    func wait(
        _ wait: PipeWait, _ attempt: () throws(StoreError) -> PipeAttempt<Void>
    ) async throws(StoreError) -> Bool {
        while true {
            if case .done = try attempt() { return true }
            guard wait.lock.tryLock() else {
                wait.lock.beginWait()
                defer { wait.lock.endWait() }
                let outcome = try await WaitingRooms.wait(
                    while: wait.lock.futex, is: PrivateLock.taken, until: MonotonicClock.now() + PrivateLock.patience,
                    keeping: self, unless: { attachment.isClosed })
                if outcome == .cancelled { return false }
                continue
            }
            let seen = try ask(wait)
            defer { wait.patience.sleepers.subtract(1, ordering: .relaxed) }
            guard case .nothing = try attempt() else { continue }
            let outcome = try await WaitingRooms.wait(
                while: wait.side.bell, is: seen, until: MonotonicClock.now() + Self.patrol, keeping: attachment,
                unless: { attachment.isClosed })
            if outcome == .cancelled { return false }
            _ = looksGone()
        }
    }

    /// Asks to be woken when the other end moves on, under the lock, which it gives up; returns what to sleep on. Another
    /// look comes after it.
    private func ask(_ wait: PipeWait) throws(StoreError) -> UInt32 {
        defer { wait.lock.unlock() }
        try checkOpen()
        if wait.side.ask() {
            do throws(StoreError) {
                // Between asking and looking; pairs with the fence of the other end between moving on and looking who waits.
                try memory.segment.passBarrier()
            } catch {
                wait.side.stopAsking()
                throw error
            }
        }
        wait.patience.asked()
        wait.patience.sleepers.add(1, ordering: .relaxed)
        _ = looksGone()
        return wait.side.bell.acquire()
    }
}

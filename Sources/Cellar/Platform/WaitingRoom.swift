import Synchronization

/// Where tasks wait until words in shared memory change, without blocking a thread that runs tasks.
///
/// One plain thread sleeps on the words of all of them, with one system call, and resumes those whose word changed. A
/// process has one room; where more than 127 tasks wait at once, one for each 127, since the kernel takes 128 words and
/// the room keeps one for itself. (The other way, one thread that goes through slices of the words, would have to look
/// at each slice again and again; a thread that sleeps costs some KiB.) The threads stay for the next who wait.
///
/// Where the kernel cannot sleep on several words, the thread looks at them every few milliseconds.
final class WaitingRoom: Sendable {
    /// A task that waits.
    private struct Guest {
        let ticket: Ticket
        let futex: SharedFutex
        let expected: UInt32
        let deadline: Int64
        /// Keeps the word mapped.
        let owner: AnyObject & Sendable
    }

    private let guests = Mutex<[Guest]>([])
    /// Advanced when the guests changed.
    private let bell = PrivateFutex()
    private let sleepsOnMany: Bool

    static let mostGuests = FutexSet.most - 1
    /// How long the thread sleeps where it has to look at the words itself.
    private static let pause: Int64 = 2_000_000

    /// Starts the thread. `sleepsOnMany` is false in tests of what is done on older kernels.
    init(sleepsOnMany: Bool = true) throws(StoreError) {
        self.sleepsOnMany = sleepsOnMany
        // The thread keeps the room for ever.
        _ = try NativeThread(name: "cellar-watch") { self.run() }
    }

    // MARK: Waiting

    /// Why a task waits no longer.
    enum Outcome {
        /// The word changed, the time is over, or the owner sent everybody away.
        case called
        /// The task was cancelled.
        case cancelled
        /// It did not wait: the room is full.
        case full
    }

    /// Waits while the word is `expected`, until the deadline, until the task is cancelled, or until everyone whose
    /// `owner` this is is sent away; `isOver` is asked once more when the task can be found. `owner` keeps the word mapped.
    func wait(
        while futex: SharedFutex, is expected: UInt32, until deadline: Int64, keeping owner: AnyObject & Sendable,
        unless isOver: () -> Bool
    ) async -> Outcome {
        let ticket = Ticket()
        let guest = Guest(ticket: ticket, futex: futex, expected: expected, deadline: deadline, owner: owner)
        guard admit(guest) else { return .full }
        if isOver() { ticket.call() }
        bell.advance()
        await withTaskCancellationHandler {
            await withCheckedContinuation { ticket.hold($0) }
        } onCancel: {
            ticket.cancel()
            bell.advance()
        }
        return ticket.wasCancelled ? .cancelled : .called
    }

    /// How many wait.
    var guestCount: Int { guests.withLock { $0.count { !$0.ticket.wasCalled } } }

    private func admit(_ guest: Guest) -> Bool {
        guests.withLock { guests in
            guard guests.count < Self.mostGuests else { return false }
            guests.append(guest)
            return true
        }
    }

    /// Sends away all who wait on something of the owner's.
    func dismiss(_ owner: AnyObject) {
        let tickets = guests.withLock { $0.filter { $0.owner === owner }.map(\.ticket) }
        for ticket in tickets { ticket.call() }
        if !tickets.isEmpty { bell.advance() }
    }

    // MARK: The thread

    private func run() {
        while true {
            let heard = bell.futex.acquire()
            let waiting = callTheDue()
            let deadline = waiting.lazy.map(\.deadline).min() ?? MonotonicClock.never
            var words = FutexSet()
            words.add(bell.futex, while: heard)
            for guest in waiting { words.add(guest.futex, while: guest.expected) }
            if sleepsOnMany, words.sleep(until: deadline) { continue }
            let patience = waiting.isEmpty ? MonotonicClock.never : min(deadline - MonotonicClock.now(), Self.pause)
            bell.futex.wait(while: heard, atMost: patience)
        }
    }

    /// Resumes those who need not wait any longer; returns the others.
    private func callTheDue() -> [Guest] {
        let now = MonotonicClock.now()
        // Released outside the lock: with the last guest a whole attachment may go, which comes back here.
        var (waiting, due): ([Guest], [Guest]) = ([], [])
        guests.withLock { guests in
            for guest in guests {
                if guest.ticket.wasCalled || guest.futex.acquire() != guest.expected || guest.deadline <= now {
                    due.append(guest)
                } else {
                    waiting.append(guest)
                }
            }
            guests = waiting
        }
        for guest in due { guest.ticket.call() }
        return waiting
    }
}

/// What a waiting task is resumed by, once, in whatever order it waits and is called.
private final class Ticket: Sendable {
    private enum State {
        case new, called
        case held(CheckedContinuation<Void, Never>)
    }
    private let state = Mutex(State.new)
    private let cancelled = Atomic(false)

    var wasCalled: Bool {
        state.withLock { if case .called = $0 { true } else { false } }
    }

    var wasCancelled: Bool { cancelled.load(ordering: .relaxed) }

    func cancel() {
        cancelled.store(true, ordering: .relaxed)
        call()
    }

    func hold(_ continuation: CheckedContinuation<Void, Never>) {
        let isCalled = state.withLock { state in
            if case .called = state { return true }
            state = .held(continuation)
            return false
        }
        if isCalled { continuation.resume() }
    }

    func call() {
        let held: CheckedContinuation<Void, Never>? = state.withLock { state in
            defer { state = .called }
            if case .held(let continuation) = state { return continuation }
            return nil
        }
        held?.resume()
    }
}

/// The rooms of this process.
enum WaitingRooms {
    private final class Table: Sendable {
        let rooms = Mutex<[WaitingRoom]>([])
    }

    /// One for each generation of forks, in turn: the threads of a parent do not exist in its child, and a lock that one of
    /// them had would never be free.
    private static let tables = (0..<64).map { _ in Table() }
    private static var table: Table { tables[Int(ForkGuard.begin() % UInt64(tables.count))] }

    /// Waits in a room that has a place; see `WaitingRoom.wait`. Throws where no thread can be started.
    static func wait(
        while futex: SharedFutex, is expected: UInt32, until deadline: Int64, keeping owner: AnyObject & Sendable,
        unless isOver: () -> Bool
    ) async throws(StoreError) -> WaitingRoom.Outcome {
        let table = table
        for room in table.rooms.withLock({ $0 }) {
            let outcome = await room.wait(
                while: futex, is: expected, until: deadline, keeping: owner, unless: isOver)
            if outcome != .full { return outcome }
        }
        let room = try WaitingRoom()
        table.rooms.withLock { $0.append(room) }
        return await room.wait(while: futex, is: expected, until: deadline, keeping: owner, unless: isOver)
    }

    /// Sends away all who wait on something of the owner's.
    static func dismiss(_ owner: AnyObject) {
        for room in table.rooms.withLock({ $0 }) { room.dismiss(owner) }
    }
}

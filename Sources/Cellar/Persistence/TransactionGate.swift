import Glibc
import Synchronization

/// Counts the transactions that are open in this process, and lets one thread in alone when there are none.
///
/// LMDB may only be given another map size, or be closed, while no transaction is open; it does not check that itself.
/// A read that begins with a transaction that was kept is counted by that one's word in `SpareReaders`, all others here.
final class TransactionGate: Sendable {
    private struct State {
        var open = 0
        var isHeldAlone = false
        var isClosed = false
        /// Copies being made: they only keep the database from being closed.
        var copies = 0
    }

    private let state = Mutex(State())
    private let spareReaders = SpareReaders()
    /// The thread inside a write transaction, or 0. Only a thread that asks for itself must be right about it.
    private let writer = Atomic<UInt>(0)
    /// Somebody waits to be alone: reads go through the lock. Only so that they let it in soon: what keeps it out is counted.
    private let isWanted = Atomic(false)
    /// How long any wait here lasts at most.
    let patience: Int64

    init(patience: Int64) { self.patience = patience }

    /// Counts one more transaction; waits, but not forever, while another thread is in alone.
    func enter() throws(StoreError) {
        try wait("use the database: its map is being changed") { state in
            guard !state.isHeldAlone else { return false }
            state.open += 1
            return true
        }
    }

    func leave() { state.withLock { $0.open -= 1 } }

    // MARK: Copies

    /// Counts a copy that is being made; throws if the database was closed.
    func enterCopy() throws(StoreError) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.copies += 1 }
            return state.isClosed
        }
        if isClosed { throw StoreError(.closed, "the store was closed") }
    }

    func leaveCopy() { state.withLock { $0.copies -= 1 } }

    /// Waits, but not forever, until no copy is being made any more.
    func waitForCopies() throws(StoreError) {
        let end = MonotonicClock.now() + patience
        while state.withLock({ $0.copies > 0 }) {
            guard MonotonicClock.now() < end else {
                throw StoreError(.timedOut, "cannot close the database: a copy of it is being made")
            }
            usleep(1_000)
        }
    }

    // MARK: Reads that were kept

    /// A read that was kept, counted as open from here on. Nil if there is none, or the calling thread has to wait or to be
    /// refused: then `enter` says why.
    @inline(__always)
    func enterWithSpareReader() -> SpareRead? {
        let thread = UInt(pthread_self())
        guard !isWanted.load(ordering: .relaxed), writer.load(ordering: .relaxed) != thread,
            let (slot, address) = spareReaders.take(thread)
        else { return nil }
        return unsafe SpareRead(slot: slot, pointer: OpaquePointer(bitPattern: UInt(address)).unsafelyUnwrapped)
    }

    /// The read was reset: it is no longer open, and kept again.
    @inline(__always)
    func leave(_ read: SpareRead) { spareReaders.giveBack(read.slot, read.address) }

    /// The read was ended for good.
    func leaveForGood(_ read: SpareRead) { spareReaders.drop(read.slot) }

    /// Counts one less, and keeps its read, which was reset; false if there are enough.
    func leave(keeping reader: RawTransaction) -> Bool {
        // Kept first: whoever comes in alone when nothing is open finds it.
        let isKept = spareReaders.keep(reader.address, UInt(pthread_self()))
        leave()
        return isKept
    }

    /// Ends the reads that are kept; whether there are no others. When nobody can come any more.
    @discardableResult
    func releaseSpareReaders() -> Bool { spareReaders.releaseIdle(RawTransaction.abort) }

    // MARK: Alone

    /// Calls `body` while no transaction is open, none is kept, and none can begin.
    ///
    /// Called from inside a transaction this can only time out.
    func alone<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        try wait("change the database's map: another thread is at it") { state in
            guard !state.isHeldAlone else { return false }
            state.isHeldAlone = true
            return true
        }
        isWanted.store(true, ordering: .relaxed)
        defer {
            isWanted.store(false, ordering: .relaxed)
            state.withLock { $0.isHeldAlone = false }
        }
        try wait("change the database's map: a transaction stays open in this process") { state in
            // In this order: a read is kept before it is counted out.
            state.open == 0 && releaseSpareReaders()
        }
        return try body()
    }

    /// From now on nobody gets in. Alone.
    func close() { state.withLock { $0.isClosed = true } }

    // MARK: The writer

    /// Whether the calling thread is inside a write transaction.
    var isWriter: Bool { writer.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Notes which thread holds LMDB's writer lock, or that none does.
    func noteWriter(_ isWriting: Bool) {
        writer.store(isWriting ? UInt(pthread_self()) : 0, ordering: .relaxed)
    }

    /// Tries `attempt` until it succeeds or the patience ends. Waiting is rare here, so it simply naps.
    private func wait(_ action: String, _ attempt: (inout sending State) -> Bool) throws(StoreError) {
        var deadline: Int64?
        while true {
            let (isClosed, isDone) = state.withLock { state in
                state.isClosed ? (true, false) : (false, attempt(&state))
            }
            if isClosed { throw StoreError(.closed, "the store was closed") }
            if isDone { return }
            let now = MonotonicClock.now()
            let end = deadline ?? now + patience
            deadline = end
            guard now < end else { throw StoreError(.timedOut, "cannot \(action)") }
            usleep(100)
        }
    }
}

/// A read transaction that was kept (see `SpareReaders`), while it is open.
@safe
struct SpareRead: @unchecked Sendable {
    let slot: Int
    let pointer: OpaquePointer
    var address: UInt64 { UInt64(UInt(bitPattern: unsafe pointer)) }
}

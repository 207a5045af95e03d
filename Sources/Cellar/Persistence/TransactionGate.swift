import Glibc
import Synchronization

/// Counts the transactions that are open in this process, and lets one thread in alone when there are none.
///
/// LMDB may only be given another map size, or be closed, while no transaction is open; it does not check that itself.
final class TransactionGate: Sendable {
    private struct State {
        var open = 0
        var isHeldAlone = false
        var isClosed = false
        /// The thread inside a write transaction, or 0.
        var writer: UInt = 0
        var spareReaders = SpareReaders()
    }

    private let state = Mutex(State())
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

    /// Counts one more transaction, and gives it a read that was kept. Nil, and nothing counted, if there is none, or the
    /// calling thread has to wait or to be refused: then `enter` says why.
    func enterWithSpareReader() -> RawTransaction? {
        let thread = UInt(pthread_self())
        return state.withLock { state in
            guard !state.isClosed, !state.isHeldAlone, state.writer != thread, let spare = state.spareReaders.take()
            else { return nil }
            state.open += 1
            return spare
        }
    }

    /// Counts one less, and keeps its read, which was reset; false if there are enough.
    func leave(keeping reader: RawTransaction) -> Bool {
        state.withLock { state in
            // Kept first: whoever comes in alone when nothing is open finds it.
            let isKept = !state.isClosed && state.spareReaders.keep(reader)
            state.open -= 1
            return isKept
        }
    }

    /// Ends the reads that are kept. Alone, or when nobody can come any more.
    func releaseSpareReaders() { state.withLock { $0.spareReaders.release() } }

    func leave() { state.withLock { $0.open -= 1 } }

    /// Calls `body` while no transaction is open and none can begin.
    ///
    /// Called from inside a transaction this can only time out.
    func alone<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        try wait("change the database's map: another thread is at it") { state in
            guard !state.isHeldAlone else { return false }
            state.isHeldAlone = true
            return true
        }
        defer { state.withLock { $0.isHeldAlone = false } }
        try wait("change the database's map: a transaction stays open in this process") { $0.open == 0 }
        return try body()
    }

    /// From now on nobody gets in.
    func close() { state.withLock { $0.isClosed = true } }

    /// Whether the calling thread is inside a write transaction.
    var isWriter: Bool {
        let thread = UInt(pthread_self())
        return state.withLock { $0.writer == thread }
    }

    /// Notes which thread holds LMDB's writer lock, or that none does.
    func noteWriter(_ isWriting: Bool) {
        let thread = isWriting ? UInt(pthread_self()) : 0
        state.withLock { $0.writer = thread }
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

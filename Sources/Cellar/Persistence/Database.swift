import CLMDB
import Glibc
import Synchronization

/// The LMDB database of one store: the files `data.mdb` and `lock.mdb` in its directory.
///
/// Every thread may use it. At most one per directory and process is open to write (see `OpenDatabases`). LMDB syncs to disk
/// at the end of every write transaction. A child made by `fork` must not use what it inherited: it gets `.closed`.
final class Database: Sendable {
    enum Access: Sendable {
        /// Reading and writing, known to all other processes through the lock file.
        case readWrite
        /// Looking only: no file is written, not even the lock file, so nobody knows. See `lookingRead`.
        case readOnly
    }

    static let maximumReaders: UInt32 = 1024
    static let maximumNamedDatabases: UInt32 = 256
    static let defaultMapSize = 1 << 30
    static let largestMapSize = 1 << 40

    let directory: String
    let access: Access
    let environment: RawEnvironment
    /// The process that opened it, the only one that may use it.
    let processID: pid_t
    private let forkGeneration = ForkGuard.begin()
    let gate: TransactionGate
    let turn: WriterTurn?
    /// Of every read that was kept.
    let readStatus: RawTransaction.Status
    /// How long a write waits for those of other processes, unless told otherwise.
    let patience: Duration
    /// How long a snapshot stays whole for lookers after it was replaced, in nanoseconds.
    let grace: Int64

    private let claim: OpenDatabases.Claim?
    let pins = Mutex(DatabasePins())
    let handles = Mutex<[String: NamedDatabase]>([:])
    /// How many named databases this process has removed: see `remove`.
    let removals = Atomic<Int>(0)
    /// Their names, which no others will have. A lock of its own, since it is asked inside transactions.
    let removed = Mutex<Set<String>>([])
    /// How many slots of dead readers this process has freed.
    let clearedReaders = Atomic<Int>(0)
    /// Bytes of the map now.
    let mapSize: Atomic<Int>
    /// Set when the map was lost for good; nothing may touch the environment any more but its closing.
    let isBroken = Atomic<Bool>(false)
    private let isClosed = Atomic<Bool>(false)

    init(_ environment: RawEnvironment, _ options: Options, _ claim: OpenDatabases.Claim?) {
        directory = environment.directory
        access = options.access
        self.environment = environment
        self.claim = claim
        readStatus = RawTransaction.Status(directory: directory)
        grace = options.grace.nanoseconds
        patience = options.patience
        turn = options.writers.map { WriterTurn($0) }
        gate = TransactionGate(patience: options.patience.nanoseconds)
        processID = getpid()
        // Nobody else has it yet, so it is as good as inside the gate.
        mapSize = Atomic(unsafe environment.info().me_mapsize)
    }

    deinit { shutDown() }

    /// Whether this is a child's copy of its parent's.
    var isForked: Bool { ForkGuard.current != forkGeneration }

    /// Closes the database once the transactions that are open in other threads have ended. Closing twice is allowed.
    ///
    /// In a forked child nothing happens: LMDB would give up the parent's reader slots.
    func close() throws(StoreError) {
        guard !isForked, !isClosed.load(ordering: .acquiring) else { return }
        try gate.alone { gate.close() }
        try gate.waitForCopies()
        shutDown()
    }

    private func shutDown() {
        guard !isForked, !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        pins.withLock { _ = $0.release() }
        gate.releaseSpareReaders()
        environment.close()
        if let claim { OpenDatabases.release(claim) }
    }

    /// Refuses use in a forked child, and of a map that was lost.
    func checkUsable() throws(StoreError) {
        guard !isForked else {
            throw StoreError(.closed, "the store '\(directory)' was opened before fork; open it again in the child")
        }
        guard !isBroken.load(ordering: .acquiring) else {
            throw StoreError(
                .closed, "the map of the store '\(directory)' was lost for want of memory; open the store again")
        }
    }

    /// Frees the reader slots of processes that are gone, so that the pages they kept can be used again; returns how many.
    ///
    /// While this process pins (see `rotatePins`), nothing is freed before its own pins protect a full grace period: among the
    /// dead may be the pins of the checkpointer before it.
    @discardableResult
    func clearDeadReaders() throws(StoreError) -> Int {
        try checkUsable()
        guard access == .readWrite else { return 0 }
        let now = MonotonicClock.now()
        guard pins.withLock({ $0.mayClearDead(now: now, grace: grace) }) else { return 0 }
        try gate.enter()
        defer { gate.leave() }
        let cleared = try environment.clearDeadReaders()
        clearedReaders.add(cleared, ordering: .relaxed)
        return cleared
    }
}

import CCellar
import Glibc
import Logging
import Synchronization

/// What one process has of one open store: the mapping, the database, the place in the process table.
///
/// Handles hold it, so the memory they point to stays mapped for as long as they live, even when the store was closed.
@usableFromInline @safe
final class Attachment: Sendable {
    let directory: StoreDirectory
    let options: StoreOptions
    let catalogue: Catalogue
    /// Nil only read-only, where nobody has the store in memory.
    let segment: Segment?
    /// The same, for lookups, which count no references.
    let uncountedSegment: Unmanaged<Segment>?
    let logger: Logger
    /// Held shared for as long as this process is attached; nil read-only.
    private let aliveLock: FileLock?
    /// Read-only: its byte is held for as long as any handle may look. Else: tells whether somebody looks.
    let readersLock: FileLock?
    let keeper: Keeper?
    /// 0 plain; 1 writers must fence; 2 read-only.
    @usableFromInline let writePolicy: UInt8
    @usableFromInline let slot: Int
    @usableFromInline let forkGeneration = ForkGuard.begin()
    @usableFromInline let closed = Atomic<Bool>(false)
    private let openCount = Mutex(1)
    /// Advanced when the attachment is closed: who waits for changes is to learn of it.
    let ending = PrivateFutex()
    let spin = SpinBudget()
    let transactions = TransactionSeat()
    let openPipes = OpenPipes()

    @inlinable static var plain: UInt8 { 0 }
    @inlinable static var fencing: UInt8 { 1 }
    @inlinable static var readOnly: UInt8 { 2 }

    init(
        directory: StoreDirectory, options: StoreOptions, catalogue: Catalogue, segment: Segment?,
        aliveLock: FileLock?, readersLock: FileLock?
    ) throws(StoreError) {
        self.directory = directory
        self.options = options
        self.catalogue = catalogue
        self.segment = segment
        segment?.prefersLargePages = options.prefersLargePages
        unsafe uncountedSegment = segment.map { unsafe Unmanaged.passUnretained($0) }
        self.aliveLock = aliveLock
        self.readersLock = readersLock
        logger = options.logger ?? Logger(label: "cellar", factory: { _ in SwiftLogNoOpLogHandler() })
        guard options.access == .readWrite, let segment else {
            keeper = nil
            slot = -1
            writePolicy = Self.readOnly
            return
        }
        let fences = segment.word(CELLAR_HEADER_FLAGS).acquire() & SegmentFlags.writersFence != 0
        guard fences || MemoryBarrier.isRegistered else {
            throw StoreError(
                .incompatible,
                "the kernel refuses membarrier to this process (a seccomp filter?), and the store '\(directory.path)' "
                    + "was opened by processes that rely on it: allow the call, or close the store in the others first")
        }
        writePolicy = fences ? Self.fencing : Self.plain
        segment.databaseNames.withLock { asks in
            asks = { (name) throws(StoreError) in try catalogue.hasTransaction(name) }
        }
        let keeper = try Keeper(
            segment: segment, catalogue: catalogue, logger: logger,
            name: options.processName ?? MachineIdentity.programName(), interval: options.checkpointInterval)
        self.keeper = keeper
        slot = keeper.slot
        keeper.mendCatalogue()
        // What somebody committed who was killed before LMDB shows it to readers.
        try catalogue.database.readLast { _ throws(StoreError) in }
    }

    deinit { shutDown() }

    // MARK: Life

    /// Another store object of this process shares the attachment. False if it was closed meanwhile.
    func retainOpen() -> Bool {
        openCount.withLock { count in
            guard count > 0 else { return false }
            count += 1
            return true
        }
    }

    /// A store object was closed. Returns whether it was the last one.
    func releaseOpen() -> Bool {
        openCount.withLock { count in
            count -= 1
            return count == 0
        }
    }

    func shutDown() {
        guard !closed.exchange(true, ordering: .acquiringAndReleasing), !isForked else { return }
        ending.advance()
        WaitingRooms.dismiss(self)
        openPipes.shutDown()
        // Handles may live on and go on writing: the memory they know is not used again while this object is there.
        if let segment { try? readersLock?.shareByte(segment.word(CELLAR_HEADER_NEXT_ATTACHMENT).acquire()) }
        keeper?.stop()
        crashPoint("close: keeper gone")
        try? catalogue.database.close()
        crashPoint("close: database closed")
        aliveLock?.release()
    }

    /// Whether this is a child's copy of its parent's attachment.
    var isForked: Bool { ForkGuard.current != forkGeneration }

    /// Throws where the attachment cannot be used for what takes a lock or reads the database.
    @usableFromInline
    func checkUsable() throws(StoreError) {
        if isForked {
            throw StoreError(
                .closed, "the store '\(directory.path)' was opened before fork: open it again in the child process")
        }
        if closed.load(ordering: .acquiring) {
            throw StoreError(.closed, "the store '\(directory.path)' was closed")
        }
    }

    func checkWritable() throws(StoreError) {
        try checkUsable()
        if writePolicy == Self.readOnly {
            throw StoreError(.readOnly, "the store '\(directory.path)' was opened read-only")
        }
    }

    var deadline: Int64 { lockDeadline(nil) }

    /// When to give up a lock: after the timeout, or the store's if nil.
    func lockDeadline(_ timeout: Duration?) -> Int64 { MonotonicClock.deadline(after: timeout ?? options.lockTimeout) }

    // MARK: Noting changes

    /// The slow path after a change: the cell has something for the next checkpoint, or for who watches it. Where writers must fence, every
    /// change comes here; the fence then stands between the value's store and the mark's load.
    @usableFromInline
    func noteChange(_ mark: DirtyMark, telling shared: WatchWord? = nil, cell id: Int) {
        guard let segment else { return }
        if writePolicy == Self.fencing {
            MemoryBarrier.full()
            if mark.isQuiet { return }
        }
        mark.touch(telling: shared) {
            if CellTable(segment: segment).markDirty(id) { CheckpointGate(segment: segment).wakeIfIdle() }
        }
    }
}

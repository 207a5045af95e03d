import CCellar

/// Figures of a store, as of about now.
public struct StoreStatistics: Sendable {
    /// The store's identity, 32 hexadecimal digits.
    public var identity: String
    /// The segment in memory; nil for a store at rest.
    public var segment: SegmentStatistics?
    /// Cells on disk.
    public var cellsOnDisk: Int
    /// The database.
    public var diskBytes: Int
    public var pageSize: Int
    public var lastTransaction: UInt64

    public struct SegmentStatistics: Sendable {
        /// The object's name in /dev/shm.
        public var name: String
        /// Bytes of shared memory it has.
        public var size: Int
        /// Bytes handed out, free lists included.
        public var used: Int
        /// Bytes on free lists.
        public var free: Int
        public var cells: Int
        public var attachments: Int
        /// Number of the newest checkpoint that is on disk, and of the newest that began.
        public var lastCheckpoint: UInt64
        public var begunCheckpoints: UInt64
        /// What the newest checkpoint that wrote something took and wrote.
        public var lastCheckpointNanoseconds: UInt64
        public var lastCheckpointBytes: UInt64
        public var lastCheckpointChunks: UInt64
        /// Whether something waits for the next checkpoint.
        public var isDirty: Bool
        /// Process id of the checkpointer, if there is one.
        public var checkpointer: Int32?
    }
}

extension Store {
    /// Figures of the store. Takes no lock; O(processes).
    public func statistics() throws(StoreError) -> StoreStatistics {
        let catalogue = attachment.catalogue
        let database = try catalogue.database.statistics()
        let count = try catalogue.database.read { (transaction) throws(StoreError) in
            try catalogue.cellCount(in: transaction)
        }
        let identity = try catalogue.database.read { (transaction) throws(StoreError) in
            try catalogue.value(of: .uuid, in: transaction)
        }
        return StoreStatistics(
            identity: identity?.hexadecimal ?? "", segment: attachment.segment.map(SegmentStatistics.init),
            cellsOnDisk: count, diskBytes: Int(database.fileSize), pageSize: database.pageSize,
            lastTransaction: UInt64(database.lastTransaction))
    }

    typealias SegmentStatistics = StoreStatistics.SegmentStatistics
}

extension StoreStatistics.SegmentStatistics {
    init(_ segment: Segment) {
        let gate = CheckpointGate(segment: segment)
        let processes = ProcessTable(segment: segment)
        name = segment.object.name
        size = Int(clamping: segment.word(CELLAR_HEADER_SIZE).acquire())
        used = Int(clamping: segment.word(CELLAR_HEADER_CURSOR).acquire())
        free = Int(clamping: segment.word(CELLAR_HEADER_FREE_BYTES).relaxed())
        cells = Int(clamping: segment.word(CELLAR_HEADER_LIVE_CELLS).acquire())
        attachments = processes.attachments().count
        lastCheckpoint = gate.succeeded.acquire()
        begunCheckpoints = gate.begun.acquire()
        lastCheckpointNanoseconds = gate.lastNanoseconds.relaxed()
        lastCheckpointBytes = gate.lastBytes.relaxed()
        lastCheckpointChunks = gate.lastChunks.relaxed()
        isDirty = CellTable(segment: segment).hasDirtyPages
        checkpointer = processes.info(Int(clamping: gate.holder.acquire()) - 1)?.processID
    }
}

import CCellar

/// Figures of a store, as of about now.
public struct StoreStatistics: Sendable {
    /// The store's identity, 32 hexadecimal digits.
    public var identity: String
    /// The segment in memory; nil for a store at rest.
    public var segment: SegmentStatistics?
    /// Cells on disk.
    public var cellsOnDisk: Int
    /// Bytes of the database's file, which never shrinks.
    public var diskBytes: Int
    /// Bytes of a page of the database.
    public var pageSize: Int
    /// Pages of the file in which nothing is kept: they are used again, those that a reader may still see later.
    public var freePages: Int
    /// Bytes of addresses that this process has reserved for the database; it doubles when it has to.
    public var mapSize: Int
    /// Number of the database's last commit.
    public var lastTransaction: UInt64
    /// Tables and multimaps.
    public var tables: Int
    /// Who reads the database; nil if that cannot be seen.
    public var readers: ReaderStatistics?

    /// Readers of the database, of all processes but those that look read-only, of which nobody knows.
    public struct ReaderStatistics: Sendable {
        /// Slots in use, of `maximum`. A process keeps some for its next reads; the checkpointer has two.
        public var inUse: Int
        /// How many slots there are for readers.
        public var maximum: Int
        /// Those that read now, and how many transactions the oldest of them is behind: so long it keeps the space of what was
        /// overwritten since. (The checkpointer's own lag by up to two grace periods of 5 s, for those that look.)
        public var reading: Int
        /// How many commits the oldest reader is behind: as many keep their pages.
        public var oldestLag: UInt64
        /// Slots whose process is gone (or cannot be seen from here): the checkpointer frees them within a second or so.
        public var dead: Int
        /// How many such this process has freed.
        public var cleared: Int
    }

    /// Of the segment in memory.
    public struct SegmentStatistics: Sendable {
        /// The object's name in /dev/shm.
        public var name: String
        /// Bytes of shared memory it has.
        public var size: Int
        /// Bytes handed out, free lists included.
        public var used: Int
        /// Bytes on free lists.
        public var free: Int
        /// Cells in memory.
        public var cells: Int
        /// Processes that are attached.
        public var attachments: Int
        /// Number of the newest checkpoint that is on disk, and of the newest that began.
        public var lastCheckpoint: UInt64
        /// Number of the last checkpoint that was begun.
        public var begunCheckpoints: UInt64
        /// What the newest checkpoint that wrote something took and wrote.
        public var lastCheckpointNanoseconds: UInt64
        /// How many bytes it wrote.
        public var lastCheckpointBytes: UInt64
        /// In how many chunks.
        public var lastCheckpointChunks: UInt64
        /// When it ended, in nanoseconds since 1970; 0 if there was none.
        public var lastCheckpointEnded: UInt64
        /// Whether something waits for the next checkpoint.
        public var isDirty: Bool
        /// What waits for it: so many cells, and bytes of values and of chunks of arrays. Entries of dictionaries are not counted.
        public var dirtyCells: Int
        /// See `dirtyCells`.
        public var dirtyBytes: Int
        /// Process id of the checkpointer, if there is one, and the number of its attachment.
        public var checkpointer: Int32?
        /// See `checkpointer`.
        public var checkpointerID: UInt64?
        /// The blocks on free lists, by size.
        public var freeBlocks: FreeMemory
    }
}

extension Store {
    /// Figures of the store. Takes no lock. O(processes + tables + free blocks + cells that are dirty), and no more than a million
    /// of each of the last two are looked at.
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
            freePages: database.freePages, mapSize: database.mapSize,
            lastTransaction: UInt64(database.lastTransaction), tables: try catalogue.allTables().count,
            readers: database.readers.map { ReaderStatistics($0, database) })
    }

    typealias ReaderStatistics = StoreStatistics.ReaderStatistics
    typealias SegmentStatistics = StoreStatistics.SegmentStatistics
}

extension StoreStatistics.ReaderStatistics {
    init(_ table: ReaderTable, _ database: DatabaseStatistics) {
        inUse = table.readers.count
        maximum = database.readersMaximum
        reading = table.readers.count { $0.transaction != nil }
        let last = UInt64(database.lastTransaction)
        oldestLag = table.oldest.map { last > $0 ? last - $0 : 0 } ?? 0
        dead = table.unseen
        cleared = database.clearedReaders
    }
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
        lastCheckpointEnded = gate.lastEnded.relaxed()
        let table = CellTable(segment: segment)
        isDirty = table.hasDirtyPages
        (dirtyCells, dirtyBytes) = table.dirtyContent()
        let holder = processes.info(Int(clamping: gate.holder.acquire()) - 1)
        (checkpointer, checkpointerID) = (holder?.processID, holder?.id)
        freeBlocks = FreeMemory(segment)
    }
}

extension Store {
    // MARK: Backups

    /// Makes a store of its own at `path` of what this one has, while others go on writing to it.
    ///
    /// The backup is consistent as of one commit: it has every transaction wholly or not at all, and all tables, cells and
    /// structures that are kept on disk; not what is volatile. First a checkpoint is made, so that it has everything that
    /// was stored before the call, unless `savesFirst` is false or the store was opened read-only: then it has what the last
    /// checkpoint wrote. It has an identity of its own, free pages are left out, and it is on disk when this returns.
    ///
    /// It is made as `path.partial` and then renamed: killed in between, nothing is at `path`, and the next backup there takes
    /// over what was left. Nobody waits for it, but pages that are freed meanwhile are used again only afterwards.
    /// O(bytes in use); blocks for as long as that takes.
    ///
    /// - Parameter report: is told, now and then, how many bytes are written, and of about how many. What it throws ends the
    ///   backup, and is thrown.
    /// - Returns: the bytes of the backup.
    ///
    /// Throws `.pathExists` if something is there, `.noSuchStore` if the directory that it is to be in is not,
    /// `.inUse` if another process makes one there, `.diskFull`, `.networkFileSystem`, `.permissionDenied`,
    /// `.corruptDatabase`; and what `sync` throws.
    @discardableResult
    public func backup(
        to path: String, savesFirst: Bool = true, timeout: Duration = .seconds(30),
        report: (_ done: Int, _ total: Int) throws(StoreError) -> Void = { (_, _) throws(StoreError) in }
    ) throws(StoreError) -> Int {
        try attachment.checkUsable()
        let making = try BackupMaking(of: attachment, at: path)
        if savesFirst, attachment.options.access == .readWrite { try attachment.sync(timeout: timeout) }
        let total = try attachment.catalogue.database.copiedByteCount()
        return try making.run { (done) throws(StoreError) in try report(done, max(done, total)) }
    }

    // MARK: Compacting

    /// What compacting a store did.
    public struct CompactionReport: Sendable, Hashable {
        /// Bytes of the data file before and after: the same if nothing was to be had.
        public let byteCountBefore: Int
        /// See `byteCountBefore`.
        public let byteCountAfter: Int
    }

    /// Gives the free pages of the database's file at `path` back to the file system: writes the file anew without them, and
    /// puts that in the place of the old one. What is in memory stays there.
    ///
    /// Nobody may have the store open, not even to look. Killed at any moment, the one file or the other is there, whole; the
    /// disk must have room for both. O(bytes in use); blocks for as long as that takes, as does who wants to open the store.
    ///
    /// - Parameter report: as in `backup`.
    ///
    /// Throws `.inUse`, saying who has it open, `.noSuchStore`, `.diskFull`, `.permissionDenied` (only the owner can),
    /// `.corruptDatabase`.
    public static func compact(
        _ path: String,
        report: (_ done: Int, _ total: Int) throws(StoreError) -> Void = { (_, _) throws(StoreError) in }
    ) throws(StoreError) -> CompactionReport {
        let (before, after) = try Compaction(directory: try StoreDirectory(existing: path)).run(report)
        return CompactionReport(byteCountBefore: before, byteCountAfter: after)
    }

    // MARK: Clearing up

    /// All segments that stores have in this machine's (or container's) shared memory, by name. Changes nothing and takes no
    /// lock. O(segments), and opens the database of each store that nobody has open.
    public static func segments() throws(StoreError) -> [SegmentInfo] { try SegmentSurvey.run() }

    /// Removes a segment that is `.gone` or `.stale` from shared memory. False, and nothing is done, if a process has it open
    /// after all (the kernel is asked), or it is no longer there. What the disk did not have is lost.
    ///
    /// Throws `.inUse` for segments in any other state, `.permissionDenied`.
    public static func removeSegment(_ segment: SegmentInfo) throws(StoreError) -> Bool {
        guard segment.state == .gone || segment.state == .stale else {
            throw StoreError(.inUse, "the segment '\(segment.name)' is \(segment.state): it is not removed")
        }
        return try SharedMemoryObject.removeUnused("/" + segment.name)
    }

    /// Paths of what processes that were killed left in `directory` and in the stores in it: unfinished backups
    /// and files. What is being made now is not among them. Changes nothing.
    public static func leftovers(in directory: String) throws(StoreError) -> [String] {
        try Leftovers.find(in: directory)
    }

    /// Removes what `leftovers` found; false if somebody is at it now, or it is no longer there.
    public static func removeLeftover(_ path: String) throws(StoreError) -> Bool { try Leftovers.remove(path) }
}

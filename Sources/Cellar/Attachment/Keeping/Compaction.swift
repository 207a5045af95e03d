import Glibc

/// Writes a store's data file anew without its free pages, while nobody has the store open.
///
/// The new file is made beside the old one, and takes its name once all of it is on disk: at any step there is the one or the
/// other. The directory, by which a store's identity is known, stays; so does what is in memory.
struct Compaction {
    let directory: StoreDirectory

    /// Bytes of the data file before and after.
    func run(_ report: (_ done: Int, _ total: Int) throws(StoreError) -> Void) throws(StoreError) -> (
        before: Int, after: Int
    ) {
        guard let ownership = directory.ownership else {
            throw StoreError(.noSuchStore, "there is no store in '\(directory.path)': it has no data.mdb")
        }
        try Database.refuseNetworkFileSystem(directory: directory.path)
        var result = (before: 0, after: 0)
        try Closing(directory: directory).alone { () throws(StoreError) in
            let lookers = try keepLookersOut(ownership)
            defer { lookers.releaseByte(Int64(StoreDirectory.lookersByte)) }
            result = try compact(ownership, report)
        }
        return result
    }

    /// Who looks at the store has the old file mapped, and would go on looking at it.
    private func keepLookersOut(_ ownership: Ownership) throws(StoreError) -> FileLock {
        let lock = try FileLock(path: directory.readersLockPath, creatingWith: ownership.mode)
        guard try lock.tryByteAlone(Int64(StoreDirectory.lookersByte)) else {
            throw StoreError(
                .inUse,
                "a process looks at the store '\(directory.path)' ('cellar watch', or another that opened it read-only): "
                    + "end it first")
        }
        return lock
    }

    private func compact(
        _ ownership: Ownership, _ report: (Int, Int) throws(StoreError) -> Void
    ) throws(StoreError) -> (before: Int, after: Int) {
        // A killed one's.
        unsafe unlink(directory.compactPath)
        do throws(StoreError) {
            let file = try FileDescriptor.open(directory.compactPath, O_RDWR | O_CREAT | O_EXCL, mode: ownership.mode)
            try keepOwnership(of: file, ownership)
            crashPoint("compact: file made")
            try copy(to: file, report)
            crashPoint("compact: written")
            let (before, after) = (try size(directory.dataPath), try size(directory.compactPath))
            guard after < before else {
                unsafe unlink(directory.compactPath)
                return (before, before)
            }
            try replace()
            return (before, after)
        } catch {
            unsafe unlink(directory.compactPath)
            throw error
        }
    }

    /// Whoever may use the store, and nobody else, may use the new file.
    private func keepOwnership(of file: FileDescriptor, _ ownership: Ownership) throws(StoreError) {
        try ownership.apply(to: file)
        let status = try file.status()
        guard status.st_uid == ownership.owner, status.st_gid == ownership.group || ownership.mode & 0o070 == 0,
            status.st_mode & 0o777 == ownership.mode
        else {
            throw StoreError(
                .permissionDenied,
                "the store '\(directory.path)' belongs to another user: only its owner, or root, can compact it")
        }
    }

    private func copy(
        to file: FileDescriptor, _ report: (Int, Int) throws(StoreError) -> Void
    ) throws(StoreError) {
        var options = Database.Options()
        options.access = .readOnly
        let database = try Database.open(directory: directory.path, options)
        do throws(StoreError) {
            // What is no store is not touched.
            _ = try Catalogue.open(database)
            let total = try database.copiedByteCount()
            try database.copyNewest(to: file) { (done) throws(StoreError) in try report(done, total) }
        } catch {
            try? database.close()
            throw error
        }
        try database.close()
        guard let written = try DatabaseFile(path: directory.compactPath) else {
            throw .system("read the copy", ENOENT)
        }
        _ = try DatabaseCompleteness.check(written)
    }

    private func replace() throws(StoreError) {
        guard unsafe rename(directory.compactPath, directory.dataPath) == 0 else {
            throw .system("put the new file in place of '\(directory.dataPath)'", errno)
        }
        crashPoint("compact: replaced")
        try directory.flushNames()
        crashPoint("compact: kept")
    }

    private func size(_ path: String) throws(StoreError) -> Int {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw .system("look at '\(path)'", errno) }
        return Int(status.st_size)
    }
}

import Glibc

/// Makes a store of its own of what another one has on disk.
///
/// It is made beside its place, as `PLACE.partial`, and gets its name when all of it is on disk: no crash leaves half of one
/// there. Who makes it holds its `store.lock`. What a killed maker left is taken over by the next.
struct BackupMaking {
    let source: Attachment
    /// Where it is to be.
    let path: String

    static let partialSuffix = ".partial"
    private var partial: String { path + Self.partialSuffix }
    private var mode: mode_t { source.directory.ownership?.mode ?? 0o600 }

    init(of source: Attachment, at path: String) throws(StoreError) {
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        guard !trimmed.isEmpty, trimmed != "/" else {
            throw StoreError(.noSuchStore, "'\(path)' is no place for a backup: name a directory that is not there yet")
        }
        self.source = source
        self.path = String(trimmed)
    }

    /// Returns how many bytes it has.
    func run(_ report: (Int) throws(StoreError) -> Void) throws(StoreError) -> Int {
        try refuseWhatIsThere()
        let lock = try preparePlace()
        defer { lock.release() }
        do throws(StoreError) {
            try writeData(report)
            crashPoint("backup: data written")
            try giveIdentity()
            crashPoint("backup: identity given")
            try publish()
        } catch {
            Self.removeFiles(of: partial)
            unsafe rmdir(partial)
            throw error
        }
        var status = stat()
        return unsafe stat(path + "/data.mdb", &status) == 0 ? Int(status.st_size) : 0
    }

    private func refuseWhatIsThere() throws(StoreError) {
        var status = stat()
        if unsafe lstat(path, &status) == 0 {
            throw StoreError(
                .pathExists, "'\(path)' is there already: a backup overwrites nothing, choose another path")
        }
        guard errno == ENOENT else { throw .system("look at '\(path)'", errno) }
    }

    /// The directory that will be the store, empty but for the lock that says that somebody is at it.
    private func preparePlace() throws(StoreError) -> FileLock {
        if unsafe mkdir(partial, 0o700) != 0, errno != EEXIST {
            guard errno == ENOENT || errno == ENOTDIR else { throw .system("make '\(partial)'", errno) }
            throw StoreError(
                .noSuchStore, "cannot make '\(path)': the directory it should be in does not exist", errno: errno)
        }
        crashPoint("backup: directory made")
        try Leftovers.refuseForeignPartial(partial)
        let lock = try FileLock(path: partial + "/store.lock", creatingWith: mode)
        guard try lock.tryExclusive(), try lock.isCurrent(at: partial + "/store.lock") else {
            throw StoreError(
                .inUse, "another process is making a backup at '\(path)': wait for it, or choose another path")
        }
        for name in ["data.mdb", "lock.mdb"] { unsafe unlink(partial + "/" + name) }
        let directoryMode = mode | (mode & 0o444) >> 2
        guard unsafe chmod(partial, directoryMode) == 0 else { throw .system("set the mode of '\(partial)'", errno) }
        crashPoint("backup: place made")
        return lock
    }

    private func writeData(_ report: (Int) throws(StoreError) -> Void) throws(StoreError) {
        let file = try FileDescriptor.open(partial + "/data.mdb", O_RDWR | O_CREAT | O_EXCL, mode: mode)
        try file.setMode(mode)
        try source.catalogue.database.copyNewest(to: file, report)
    }

    /// From here on it is a store like another: nobody takes the memory of the one it was made from for its own.
    private func giveIdentity() throws(StoreError) {
        var options = Database.Options()
        options.mode = mode
        let database = try Database.open(directory: partial, options)
        let catalogue: Catalogue
        do throws(StoreError) {
            catalogue = try Catalogue.open(database)
            let opening = Opening(directory: try StoreDirectory(existing: partial), options: StoreOptions())
            try database.write { (transaction) throws(StoreError) in
                try opening.giveIdentity(catalogue, in: transaction)
            }
        } catch {
            try? database.close()
            throw error
        }
        try database.close()
        unsafe unlink(partial + "/lock.mdb")
    }

    /// Gives it its name, once all of it is on disk.
    private func publish() throws(StoreError) {
        try StoreDirectory(existing: partial).flushNames()
        crashPoint("backup: flushed")
        try refuseWhatIsThere()
        // An empty directory would be replaced, nothing else.
        guard unsafe rename(partial, path) == 0 else {
            if errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR { try refuseWhatIsThere() }
            throw .system("make '\(path)'", errno)
        }
        crashPoint("backup: there")
        try StoreDirectory(existing: path).flushNames()
        crashPoint("backup: kept")
    }

    /// Removes all files of an unfinished one, by who holds its lock.
    static func removeFiles(of partial: String) {
        for name in StoreDirectory.fileNames where name != "store.lock" { unsafe unlink(partial + "/" + name) }
        // Last: who has the lock has the place.
        unsafe unlink(partial + "/store.lock")
    }
}

import Glibc

/// The directory of a store: its files, its identity in the file system, and its checks.
struct StoreDirectory: Sendable {
    let path: String
    /// Identifies the directory while it exists: a copy of it has another.
    let device: UInt64
    let inode: UInt64
    /// Whose the store's data file is; nil before there is one.
    let ownership: Ownership?

    var dataPath: String { path + "/data.mdb" }
    /// Held while somebody opens, closes or removes the store.
    var openLockPath: String { path + "/store.lock" }
    /// Held shared by everyone attached.
    var aliveLockPath: String { path + "/alive.lock" }

    /// Whoever looks holds the byte numbered as the newest attachment of its time, so that memory it may look at is not
    /// used again. Locking writes nothing.
    var readersLockPath: String { path + "/readers.lock" }
    /// Whoever looks holds this byte of it, too, so that nobody puts another data file in place of the one it looks at.
    static let lookersByte: UInt64 = 1 << 62

    static let fileNames = ["data.mdb", "lock.mdb", "store.lock", "alive.lock", "readers.lock"]
    /// What is only there while something is made, or when its maker was killed.
    static let passingNames = ["data.mdb.new", "data.mdb.compact"]
    var compactPath: String { path + "/data.mdb.compact" }

    /// Looks at the directory of a store that should be there.
    init(existing path: String) throws(StoreError) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR {
                throw StoreError(.noSuchStore, "there is no store at '\(path)': check the path", errno: errno)
            }
            throw .system("look at '\(path)'", errno)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw StoreError(.notAStore, "'\(path)' is not a store: a store is a directory, this is not one")
        }
        var data = stat()
        let found = unsafe stat(path + "/data.mdb", &data) == 0
        if !found, errno == EACCES {
            throw StoreError(
                .permissionDenied, "no permission to look into the store '\(path)': ask its owner", errno: EACCES)
        }
        self.path = path
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        ownership = found ? Ownership(owner: data.st_uid, group: data.st_gid, mode: data.st_mode & 0o777) : nil
        if let ownership { try Self.refuseOpenDirectory(path, status.st_mode, forStoreOf: ownership.mode) }
    }

    /// Whoever may write the directory may put other files in place of the store's. (A directory that its group may
    /// write is left to its owner: many systems give every user a group of his own.)
    private static func refuseOpenDirectory(
        _ path: String, _ directoryMode: mode_t, forStoreOf mode: mode_t
    ) throws(StoreError) {
        guard directoryMode & 0o002 != 0, mode & 0o002 == 0 else { return }
        throw StoreError(
            .permissionDenied,
            "everybody can write the directory '\(path)', and so take the store in it away: chmod o-w it first")
    }

    /// Makes the directory if it is missing, with the mode that lets in whom `mode` names.
    static func prepare(_ path: String, mode: mode_t) throws(StoreError) -> StoreDirectory {
        let directoryMode = mode | (mode & 0o444) >> 2
        if unsafe mkdir(path, directoryMode) == 0 {
            crashPoint("open: directory made")
            guard unsafe chmod(path, directoryMode) == 0 else { throw .system("set the mode of '\(path)'", errno) }
        } else if errno == ENOENT {
            throw StoreError(
                .noSuchStore, "cannot make a store at '\(path)': the directory it should be in does not exist",
                errno: ENOENT)
        } else if errno != EEXIST {
            throw .system("make a store at '\(path)'", errno)
        }
        let directory = try StoreDirectory(existing: path)
        if directory.ownership == nil {
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { throw .system("look at '\(path)'", errno) }
            try refuseOpenDirectory(path, status.st_mode, forStoreOf: mode)
            try directory.refuseForeignContent()
        }
        return directory
    }

    /// Sees to it that the names on the way to the store's data are on the disk, those that a killed process made too.
    func flushNames() throws(StoreError) {
        for folder in [path, path + "/.."] {
            let file = try FileDescriptor.open(folder, O_RDONLY | O_DIRECTORY)
            // Some file systems cannot do it for directories, and say so.
            guard fsync(file.number) == 0 || errno == EINVAL else { throw .system("write '\(folder)'", errno) }
        }
    }

    /// Takes the store's own lock, under which it is opened and taken apart.
    func lockForOpening(mode: mode_t, until deadline: Int64) throws(StoreError) -> FileLock {
        while true {
            let lock = try FileLock(path: openLockPath, creatingWith: mode)
            guard try lock.exclusive(until: deadline) else {
                throw StoreError(
                    .inUse,
                    "another process has been opening or closing the store '\(path)' for a long time: "
                        + "try again, or look what it waits for")
            }
            // Who removed the store meanwhile removed the lock file too.
            if try lock.isCurrent(at: openLockPath) { return lock }
        }
    }

    /// A directory with other things in it is not turned into a store.
    private func refuseForeignContent() throws(StoreError) {
        for name in try FileNames.of(path) where !Self.fileNames.contains(name) && !Self.passingNames.contains(name) {
            throw StoreError(
                .notAStore,
                "'\(path)' is a directory with other things in it ('\(name)') and no store: choose another path")
        }
    }
}

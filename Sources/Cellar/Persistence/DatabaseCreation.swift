import CLMDB
import Glibc

/// Makes and readies the two files of a database, before LMDB opens them.
///
/// The mode of each is exactly the one asked for, whatever the umask, from before anything is in it. Everything here happens
/// while no environment is open on the directory in this process: closing any descriptor of `lock.mdb` would otherwise drop
/// LMDB's record locks on it.
struct DatabaseCreation {
    let directory: String
    let mode: mode_t

    /// Bytes of the lock file: more than LMDB needs for `Database.maximumReaders` slots.
    private static let lockByteCount: off_t = 17 * 4096

    private var dataPath: String { "\(directory)/data.mdb" }
    private var newPath: String { "\(directory)/data.mdb.new" }
    private var lockPath: String { "\(directory)/lock.mdb" }

    /// Makes the data file whole under a passing name, then gives it its own, so that no crash leaves half of one.
    ///
    /// The caller keeps other creators out (the store's own lock does).
    func makeDataFile() throws(StoreError) {
        unsafe unlink(newPath)
        defer { unsafe unlink(newPath) }
        let file = try FileDescriptor.open(newPath, O_RDWR | O_CREAT | O_EXCL, mode: mode)
        try file.setMode(mode)
        try writeHeader()
        crashPoint("make database: header written")
        guard fsync(file.number) == 0 else { throw .system("write '\(newPath)'", errno) }
        crashPoint("make database: flushed")
        // A link, not a rename: it never replaces what is there.
        guard unsafe link(newPath, dataPath) == 0 || errno == EEXIST else { throw .system("make '\(dataPath)'", errno) }
        crashPoint("make database: linked")
        try flushDirectory()
    }

    /// Lets LMDB write the header of an empty database, without a lock file.
    private func writeHeader() throws(StoreError) {
        let environment = try RawEnvironment(directory: directory)
        defer { environment.close() }
        try environment.open(path: newPath, flags: MDB_NOSUBDIR | MDB_NOLOCK, mode: mode)
    }

    private func flushDirectory() throws(StoreError) {
        let number = unsafe Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw .system("open '\(directory)'", errno) }
        let folder = FileDescriptor(owning: number)
        guard fsync(folder.number) == 0 else { throw .system("write '\(directory)'", errno) }
    }

    /// Makes the lock file if there is none, and gives all of it room on the disk.
    ///
    /// LMDB maps this file and only stretches it. A page without room would be a SIGBUS the first time that a reader's slot
    /// in it is used while the disk is full.
    func readyLockFile() throws(StoreError) {
        if let made = try makeLockFile() { return try SystemCalls.reserve(Self.lockByteCount, of: made, lockPath) }
        guard let existing = try DatabaseFile(path: lockPath) else { return }
        let start = try existing.bytes(at: 0, count: 4096)
        guard start.allSatisfy({ $0 == 0 }) || start.integer(at: 0, as: UInt32.self) == DatabaseHeader.magic else {
            throw .foreign(lockPath, "it is no lock file of LMDB")
        }
        let status = try existing.file.status()
        guard Int64(status.st_blocks) * 512 < Int64(Self.lockByteCount) else { return }
        try SystemCalls.reserve(Self.lockByteCount, of: .open(lockPath, O_RDWR), lockPath)
    }

    private func makeLockFile() throws(StoreError) -> FileDescriptor? {
        do throws(StoreError) {
            let file = try FileDescriptor.open(lockPath, O_RDWR | O_CREAT | O_EXCL, mode: mode)
            try file.setMode(mode)
            crashPoint("make database: lock file made")
            return file
        } catch {
            if error.errno == EEXIST { return nil }
            throw error
        }
    }
}

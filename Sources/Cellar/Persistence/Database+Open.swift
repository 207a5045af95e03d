import CLMDB
import Glibc

extension Database {
    /// How to open a database.
    struct Options: Sendable {
        var access = Access.readWrite
        /// Whether to make the database if there is none.
        var creates = false
        /// The mode of files that are made, exact whatever the umask.
        var mode: mode_t = 0o600
        /// The lock file on which writers take turns; nil where the caller keeps them apart.
        var writers: FileLock?
        /// Addresses to begin with. The map grows by itself.
        var mapSize = Database.defaultMapSize
        /// See `Database.rotatePins(now:)`. Lookers and checkpointers must agree on it.
        var grace = Duration.seconds(5)
        /// How long to wait for other threads' transactions when the map must grow.
        var patience = Duration.seconds(30)
    }

    /// Opens the database in `directory`, which must exist.
    ///
    /// A file there that is no LMDB file is refused and not touched. Creators must be kept apart by the caller.
    static func open(directory: String, _ options: Options = Options()) throws(StoreError) -> Database {
        switch options.access {
        case .readOnly:
            return try openChecked(directory, options, nil)
        case .readWrite:
            let claim = try OpenDatabases.claim(directory)
            do throws(StoreError) {
                return try openChecked(directory, options, claim)
            } catch {
                OpenDatabases.release(claim)
                throw error
            }
        }
    }

    private static func openChecked(
        _ directory: String, _ options: Options, _ claim: OpenDatabases.Claim?
    ) throws(StoreError) -> Database {
        try readyFiles(directory, options)
        let environment = try RawEnvironment(directory: directory)
        do throws(StoreError) {
            try environment.configure(
                mapSize: options.mapSize, databases: maximumNamedDatabases, readers: maximumReaders)
            let flags = options.access == .readOnly ? MDB_RDONLY | MDB_NOLOCK : 0
            // Without thread-local slots a read transaction belongs to nobody but itself, and may move between threads.
            try environment.open(path: directory, flags: flags | MDB_NOTLS, mode: options.mode)
        } catch {
            environment.close()
            throw error
        }
        return Database(environment, options, claim)
    }

    /// Sees to it that LMDB finds whole files of its own, or none where it may make them.
    private static func readyFiles(_ directory: String, _ options: Options) throws(StoreError) {
        try refuseNetworkFileSystem(directory: directory)
        let creation = DatabaseCreation(directory: directory, mode: options.mode)
        let mayCreate = options.creates && options.access == .readWrite
        let path = "\(directory)/data.mdb"
        if let file = try DatabaseFile(path: path) {
            // A store's own file gets its name with its header in it: one without a byte is something else, or was cut off.
            guard try file.byteCount() > 0 else {
                throw .foreign(path, "it is empty: bring back the store's own from a copy, or remove it to begin anew")
            }
            _ = try DatabaseCompleteness.check(file)
        } else if mayCreate {
            // What lies at the lock file's path is looked at first, so that a refusal leaves nothing behind.
            try creation.readyLockFile()
            return try creation.makeDataFile()
        } else {
            throw StoreError(.noSuchStore, "there is no store at '\(directory)'", errno: ENOENT)
        }
        if options.access == .readWrite { try creation.readyLockFile() }
    }
}

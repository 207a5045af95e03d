import Glibc
import Synchronization

/// The directories whose databases this process has open to write.
///
/// LMDB's locks on `lock.mdb` belong to the process: with the same database open twice, closing one would drop the locks of
/// the other. So the second is refused.
enum OpenDatabases {
    /// A directory, and the process that opened it: what a forked child inherits here does not count for it.
    struct Claim: Hashable, Sendable {
        let device: UInt64
        let inode: UInt64
        let process: pid_t
    }

    private static let claims = Mutex<Set<Claim>>([])

    static func claim(_ directory: String) throws(StoreError) -> Claim {
        var status = stat()
        guard unsafe stat(directory, &status) == 0 else {
            if errno == ENOENT { throw StoreError(.noSuchStore, "there is no store at '\(directory)'", errno: ENOENT) }
            throw .system("look at '\(directory)'", errno)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .foreign(directory, "it is no directory") }
        let claim = Claim(device: UInt64(status.st_dev), inode: UInt64(status.st_ino), process: getpid())
        guard claims.withLock({ $0.insert(claim).inserted }) else {
            throw StoreError(.inUse, "this process has the database of '\(directory)' open already; share that one")
        }
        return claim
    }

    /// What `body` returns while this process does not have the database open to write, and cannot open it; nil if it has.
    static func ifUnclaimed<Result: Sendable>(_ directory: String, _ body: () -> Result) -> Result? {
        claims.withLock { claims in
            var status = stat()
            guard unsafe stat(directory, &status) == 0 else { return nil }
            let claim = Claim(device: UInt64(status.st_dev), inode: UInt64(status.st_ino), process: getpid())
            return claims.contains(claim) ? nil : body()
        }
    }

    static func release(_ claim: Claim) { _ = claims.withLock { $0.remove(claim) } }
}

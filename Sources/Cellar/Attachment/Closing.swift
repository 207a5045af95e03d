import Glibc

/// Takes a store apart: under its own lock, and only when nobody has it open.
struct Closing {
    let directory: StoreDirectory

    func discardSegment() throws(StoreError) {
        try alone { () throws(StoreError) in try unlinkSegment() }
    }

    func remove() throws(StoreError) {
        // Without data it may still be what a failed creation left behind.
        guard unsafe directory.ownership != nil || access(directory.openLockPath, F_OK) == 0 else {
            throw StoreError(.noSuchStore, "there is no store in '\(directory.path)': it has no data.mdb")
        }
        try alone { () throws(StoreError) in
            // A store whose database cannot be read has a segment that cannot be named; it goes with the next boot.
            try? unlinkSegment()
            crashPoint("remove store: segment gone")
            // The data first: without it there is no store, whatever else is left by a crash here.
            for name in StoreDirectory.fileNames + StoreDirectory.passingNames {
                try unlink(directory.path + "/" + name)
                crashPoint("remove store: file gone")
            }
        }
        if unsafe rmdir(directory.path) != 0, errno != ENOTEMPTY, errno != EEXIST {
            throw .system("remove the directory '\(directory.path)'", errno)
        }
    }

    /// Who has it open, with the verb.
    private var users: String {
        guard let attachment = try? Opening(directory: directory, options: .readOnly).look() else {
            return "a process has"
        }
        defer { attachment.shutDown() }
        let living = attachment.segment.map { ProcessTable(segment: $0).attachments().filter(\.isAlive) } ?? []
        let names = living.prefix(3).map { "process \($0.processID) (\($0.name))" }
        let rest = living.count > names.count ? " and \(living.count - names.count) more" : ""
        if names.isEmpty { return "a process has" }
        return names.joined(separator: ", ") + rest + (living.count == 1 ? " has" : " have")
    }

    private func unlink(_ path: String) throws(StoreError) {
        if unsafe Glibc.unlink(path) != 0, errno != ENOENT { throw .system("remove '\(path)'", errno) }
    }

    private func unlinkSegment() throws(StoreError) {
        var options = Database.Options()
        options.access = .readOnly
        let catalogue = try Catalogue.open(try Database.open(directory: directory.path, options))
        let identity = try Opening(directory: directory, options: StoreOptions()).storeIdentity(catalogue)
        if !identity.isCopy { try SharedMemoryObject.unlink(identity.segment.objectName) }
        crashPoint("discard: segment gone")
        try catalogue.database.close()
    }

    /// Calls `body` while nobody has the store open to write, and nobody can open it.
    func alone(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        let mode = directory.ownership?.mode ?? 0o600
        let lock = try directory.lockForOpening(mode: mode, until: MonotonicClock.deadline(after: .seconds(10)))
        defer { lock.release() }
        let alive = try FileLock(path: directory.aliveLockPath, creatingWith: mode)
        guard try alive.tryExclusive() else {
            throw StoreError(.inUse, "\(users) the store '\(directory.path)' open: close it there first")
        }
        defer { alive.release() }
        try body()
    }
}

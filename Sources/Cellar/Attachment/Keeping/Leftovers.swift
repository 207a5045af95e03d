import Glibc

/// Files that somebody was killed at making: beside backups, and in stores' directories.
enum Leftovers {
    /// Those in a directory, and in the stores in it; what is being made now is none.
    static func find(in directory: String) throws(StoreError) -> [String] {
        var found = try inStore(directory)
        for name in try FileNames.of(directory).sorted() {
            let path = directory + "/" + name
            if name.hasSuffix(BackupMaking.partialSuffix) {
                if isAbandonedBackup(path) { found.append(path) }
            } else if let inner = try? inStore(path) {
                found += inner
            }
        }
        return found
    }

    private static func inStore(_ path: String) throws(StoreError) -> [String] {
        let present = StoreDirectory.passingNames.filter { unsafe access(path + "/" + $0, F_OK) == 0 }
        guard !present.isEmpty, let lock = try? FileLock(lookingAt: path + "/store.lock"), !lock.isHeldElsewhere else {
            return []
        }
        return present.map { path + "/" + $0 }
    }

    private static func isAbandonedBackup(_ path: String) -> Bool {
        guard (try? refuseForeignPartial(path)) != nil else { return false }
        guard let lock = try? FileLock(lookingAt: path + "/store.lock") else {
            // Nobody came so far as to make the lock, or it is being removed: empty in either case.
            return (try? FileNames.of(path).isEmpty) == true
        }
        return !lock.isHeldElsewhere
    }

    /// Throws unless the path is a directory of this user's with nothing in it that is not a backup's.
    static func refuseForeignPartial(_ path: String) throws(StoreError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { throw .system("look at '\(path)'", errno) }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
            try FileNames.of(path).allSatisfy({ StoreDirectory.fileNames.contains($0) })
        else {
            throw StoreError(
                .pathExists, "'\(path)' is there, and is not what an unfinished backup leaves: move it away")
        }
    }

    /// Removes one; false if somebody is at it now, or it is not there any more.
    static func remove(_ path: String) throws(StoreError) -> Bool {
        guard path.hasSuffix(BackupMaking.partialSuffix) else { return try removeFromStore(path) }
        guard isAbandonedBackup(path) else { return false }
        if let lock = try? FileLock(path: path + "/store.lock", creatingWith: 0o600) {
            guard try lock.tryExclusive(), try lock.isCurrent(at: path + "/store.lock") else { return false }
            defer { lock.release() }
            BackupMaking.removeFiles(of: path)
        }
        guard unsafe rmdir(path) == 0 else { throw .system("remove '\(path)'", errno) }
        return true
    }

    private static func removeFromStore(_ path: String) throws(StoreError) -> Bool {
        guard let slash = path.lastIndex(of: "/"),
            StoreDirectory.passingNames.contains(String(path[path.index(after: slash)...]))
        else { throw StoreError(.notAStore, "'\(path)' is nothing that is left over") }
        let directory = try StoreDirectory(existing: String(path[..<slash]))
        let lock = try directory.lockForOpening(
            mode: directory.ownership?.mode ?? 0o600, until: MonotonicClock.deadline(after: .seconds(1)))
        defer { lock.release() }
        if unsafe unlink(path) == 0 { return true }
        guard errno == ENOENT else { throw .system("remove '\(path)'", errno) }
        return false
    }
}

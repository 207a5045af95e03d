import CCellar
import Glibc

extension SharedMemoryObject {
    /// Where the C library keeps such objects.
    static let folder = "/dev/shm"
    /// An object that is being removed has this behind its name.
    static let goneSuffix = ".gone"

    /// Removes the object if it is this user's and no process has it open or mapped to write, here or in another container;
    /// false if one does, or if it is not there any more.
    ///
    /// The kernel gives a lease on a file only while no other can write it. Until the lease ends nobody can open the object;
    /// and what is removed is this very object, whatever has come under its name meanwhile.
    static func removeUnused(_ name: String) throws(StoreError) -> Bool {
        let path = folder + name
        let file: FileDescriptor
        do throws(StoreError) { file = try .open(path, O_RDWR | O_NONBLOCK) } catch {
            if error.errno == ENOENT || error.errno == EWOULDBLOCK { return false }
            throw error
        }
        let own = try file.status()
        guard own.st_mode & S_IFMT == S_IFREG, own.st_uid == geteuid() else {
            throw StoreError(.permissionDenied, "'\(path)' is not yours: its owner can remove it")
        }
        switch cellar_file_lease(file.number, true) {
        case 0: break
        case EAGAIN, EBUSY: return false
        case let number: throw .system("make sure that no process uses '\(path)'", number)
        }
        defer { _ = cellar_file_lease(file.number, false) }
        let gone = name.hasSuffix(goneSuffix) ? path : path + goneSuffix
        if gone != path {
            guard unsafe rename(path, gone) == 0 else { return errno == ENOENT ? false : try cannotRemove(path) }
        }
        var there = stat()
        guard unsafe lstat(gone, &there) == 0 else { return false }
        guard there.st_ino == own.st_ino else {
            // Another was made under the name in the last instant: a link does not replace what came in its place.
            if unsafe link(gone, path) == 0 || errno == EEXIST { unsafe Glibc.unlink(gone) }
            return false
        }
        if unsafe Glibc.unlink(gone) != 0 { return try cannotRemove(path) }
        return true
    }

    private static func cannotRemove(_ path: String) throws(StoreError) -> Bool {
        throw .system("remove '\(path)'", errno)
    }
}

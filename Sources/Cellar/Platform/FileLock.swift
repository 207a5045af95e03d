import CCellar
import Glibc

/// An advisory lock on a whole file, which the kernel releases when the last process that shares the open file is gone.
/// A child made by fork shares it. It works across containers that share the file.
struct FileLock: Sendable {
    private let file: FileDescriptor

    /// Opens the lock file at `path` to take locks on it, making it with exactly this mode if there is none.
    init(path: String, creatingWith mode: mode_t) throws(StoreError) {
        if let made = try? FileDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL, mode: mode) {
            try made.setMode(mode)
            file = made
        } else {
            file = try Self.openPlain(path, O_RDWR)
        }
    }

    /// Opens the lock file to look whether it is locked, writing nothing.
    init(lookingAt path: String) throws(StoreError) {
        file = try Self.openPlain(path, O_RDONLY)
    }

    /// Opening does not wait, even if somebody put a pipe there.
    private static func openPlain(_ path: String, _ flags: Int32) throws(StoreError) -> FileDescriptor {
        let file = try FileDescriptor.open(path, flags | O_NONBLOCK)
        guard try file.status().st_mode & S_IFMT == S_IFREG else {
            throw StoreError(.notAStore, "'\(path)' is no plain file, as a store's lock files are: move it away")
        }
        return file
    }

    /// Takes the lock alone if nobody else has it; false if somebody does.
    func tryExclusive() throws(StoreError) -> Bool { try attempt(Int32(CELLAR_LOCK_EXCLUSIVE)) }

    /// Takes the lock, or turns an exclusive one, into one together with other sharers.
    func tryShared() throws(StoreError) -> Bool { try attempt(Int32(CELLAR_LOCK_SHARED)) }

    /// Takes the lock alone, trying until the deadline; false if it was not to be had.
    func exclusive(until deadline: Int64) throws(StoreError) -> Bool {
        var pause: UInt32 = 100
        while try !tryExclusive() {
            if MonotonicClock.now() >= deadline { return false }
            usleep(pause)
            pause = min(pause * 2, 5_000)
        }
        return true
    }

    /// Whether the path still leads to this file: a lock on a file that was removed keeps nobody out.
    func isCurrent(at path: String) throws(StoreError) -> Bool {
        var there = stat()
        guard unsafe stat(path, &there) == 0 else { return false }
        let own = try file.status()
        return there.st_ino == own.st_ino && there.st_dev == own.st_dev
    }

    func release() { _ = cellar_file_lock(file.number, Int32(CELLAR_LOCK_NONE)) }

    /// Whether somebody else holds the lock in any way.
    var isHeldElsewhere: Bool { cellar_file_is_locked(file.number) == 1 }

    /// Takes a shared lock on one byte. Needs no permission to write, and changes nothing.
    func shareByte(_ byte: UInt64) throws(StoreError) {
        let number = cellar_file_lock_byte(file.number, off_t(clamping: min(byte, 1 << 62)))
        if number != 0 { throw .system("lock a byte of a file of the store", number) }
    }

    /// Takes one byte alone if nobody else has it; false if somebody does.
    func tryByteAlone(_ byte: Int64) throws(StoreError) -> Bool {
        switch cellar_file_lock_byte_alone(file.number, off_t(byte), true) {
        case 0: return true
        case EAGAIN: return false
        case let number: throw .system("lock a byte of a file of the store", number)
        }
    }

    func releaseByte(_ byte: Int64) { _ = cellar_file_lock_byte_alone(file.number, off_t(byte), false) }

    /// Whether somebody else has a lock on one of the bytes up to `last`. Where it cannot be told, as if so.
    func isHeldElsewhere(upTo last: UInt64) -> Bool {
        cellar_file_is_locked_up_to(file.number, off_t(clamping: min(last, 1 << 62))) != 0
    }

    private func attempt(_ kind: Int32) throws(StoreError) -> Bool {
        switch cellar_file_lock(file.number, kind) {
        case 0: return true
        case EAGAIN: return false
        case let number: throw .system("lock a file of the store", number)
        }
    }
}

import Glibc

/// An open file that closes itself.
final class FileDescriptor: Sendable {
    let number: Int32

    init(owning number: Int32) { self.number = number }
    deinit { close(number) }

    /// Opens `path`; never follows a symbolic link in the last component, never leaks into a child program.
    static func open(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(StoreError) -> FileDescriptor {
        let number = unsafe Glibc.open(path, flags | O_CLOEXEC | O_NOFOLLOW, mode)
        guard number >= 0 else { throw .system("open '\(path)'", errno) }
        return FileDescriptor(owning: number)
    }

    func status() throws(StoreError) -> stat {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw .system("look at a file", errno) }
        return status
    }

    /// Sets the mode exactly, whatever the umask.
    func setMode(_ mode: mode_t) throws(StoreError) {
        guard fchmod(number, mode) == 0 else { throw .system("set a file's mode", errno) }
    }
}

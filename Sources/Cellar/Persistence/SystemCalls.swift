import Glibc

/// Two functions of the C library that its Swift module leaves out.
///
/// Bound by name: their arguments are plain integers and pointers, which Swift passes as C does.
enum SystemCalls {
    @_silgen_name("statfs")
    private static func statfs(_ path: UnsafePointer<CChar>, _ status: UnsafeMutableRawPointer) -> Int32

    @_silgen_name("fallocate")
    private static func fallocate(_ file: Int32, _ mode: Int32, _ offset: off_t, _ byteCount: off_t) -> Int32

    /// The kernel's number for the type of the file system that `path` lies on.
    static func fileSystemType(of path: String) throws(StoreError) -> UInt32 {
        // The structure is 120 bytes long on 64-bit Linux, and begins with the type, a C long.
        var words = [Int](repeating: 0, count: 32)
        while true {
            let result = unsafe words.withUnsafeMutableBytes { unsafe statfs(path, $0.baseAddress!) }
            if result == 0 { return UInt32(truncatingIfNeeded: words[0]) }
            if errno != EINTR { throw .system("look at the file system of '\(path)'", errno) }
        }
    }

    /// Gives the first `byteCount` bytes of a file room on the disk, changing none of them.
    ///
    /// Does nothing where the file system cannot do it. (The C library's `posix_fallocate` would then write into the file.)
    static func reserve(_ byteCount: off_t, of file: FileDescriptor, _ path: String) throws(StoreError) {
        while fallocate(file.number, 0, 0, byteCount) != 0 {
            if errno == EINTR { continue }
            if errno == EOPNOTSUPP || errno == ENOSYS { return }
            throw .system("make room for '\(path)'", errno)
        }
    }
}

import Glibc

/// A file of the database, looked at from outside LMDB, with bounds on everything.
struct DatabaseFile {
    let path: String
    let file: FileDescriptor

    /// Opens the file to read, or returns nil if there is none.
    ///
    /// Refuses whatever is not a plain file. Opening does not wait, even if the file is a pipe.
    init?(path: String) throws(StoreError) {
        do throws(StoreError) {
            file = try .open(path, O_RDONLY | O_NONBLOCK)
        } catch {
            if error.errno == ENOENT { return nil }
            if error.errno == ELOOP { throw .foreign(path, "it is a symbolic link") }
            if error.errno == ENXIO { throw .foreign(path, "it is no plain file") }
            throw error
        }
        self.path = path
        guard try file.status().st_mode & S_IFMT == S_IFREG else { throw .foreign(path, "it is no plain file") }
    }

    func byteCount() throws(StoreError) -> UInt64 { UInt64(max(try file.status().st_size, 0)) }

    /// Up to `count` bytes at `offset`; fewer where the file ends.
    func bytes(at offset: UInt64, count: Int) throws(StoreError) -> [UInt8] {
        guard let position = off_t(exactly: offset) else { return [] }
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let result = unsafe bytes.withUnsafeMutableBytes {
                unsafe pread(file.number, $0.baseAddress! + filled, count - filled, position + filled)
            }
            if result < 0 && errno == EINTR { continue }
            guard result >= 0 else { throw .system("read '\(path)'", errno) }
            if result == 0 { break }
            filled += result
        }
        bytes.removeLast(count - filled)
        return bytes
    }
}

extension [UInt8] {
    /// The integer that lies at `offset` in the machine's byte order, or nil where it does not fit.
    func integer<Integer: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Integer.Type) -> Integer? {
        guard offset >= 0, offset <= count - MemoryLayout<Integer>.size else { return nil }
        return unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: type) }
    }
}

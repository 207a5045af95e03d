import Glibc

/// A regular file, open to read.
struct InputFile: ~Copyable {
    private let path: String
    private let file: Int32

    init(_ path: String) throws {
        self.path = path
        file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            let status: ExitStatus = errno == EACCES ? .noPermission : .noInput
            throw ToolError(status, "cannot read the file '\(path)': \(SystemCall.reason(errno))")
        }
    }

    deinit { close(file) }

    func size() throws -> Int {
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw failure() }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ToolError(.noInput, "'\(path)' is not a regular file: the demo reads files in pieces")
        }
        return Int(status.st_size)
    }

    /// Up to `count` bytes from `offset` on; fewer only at the file's end.
    func read(_ count: Int, at offset: Int) throws -> [UInt8] {
        var done = 0
        var bytes = [UInt8](repeating: 0, count: count)
        while done < count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe pread(file, buffer.baseAddress! + done, count - done, offset + done)
            }
            if got == 0 { break }
            if got > 0 {
                done += got
            } else if errno != EINTR {
                throw failure()
            }
        }
        bytes.removeLast(count - done)
        return bytes
    }

    private func failure() -> ToolError {
        ToolError(.inputOutput, "cannot read the file '\(path)': \(SystemCall.reason(errno))")
    }
}

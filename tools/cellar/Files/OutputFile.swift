import Glibc

/// A file that is whole or not there: it gets its name when all of it was written. Standard output for `-`; what is no regular
/// file (a pipe, a device) is written to as it is.
final class OutputFile {
    private let path: String
    private let file: Int32
    /// Where it is written until it is done; nil where it is written in place.
    private let draft: String?
    private var buffer: [UInt8] = []
    private var isDone = false
    private static let size = 1 << 18

    init(_ path: String) throws {
        self.path = path
        var status = stat()
        let isSpecial = unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
        draft = path == "-" || isSpecial ? nil : "\(path).\(getpid()).part"
        if path == "-" {
            file = STDOUT_FILENO
        } else {
            let flags = O_WRONLY | O_CLOEXEC | (draft == nil ? 0 : O_CREAT | O_EXCL)
            file = unsafe open(draft ?? path, flags, 0o666)
        }
        guard file >= 0 else {
            let status: ExitStatus = errno == EACCES ? .noPermission : .cannotCreate
            throw ToolError(status, "cannot write the file '\(path)': \(SystemCall.reason(errno))")
        }
    }

    deinit {
        if file > STDERR_FILENO { close(file) }
        if !isDone, let draft { unsafe unlink(draft) }
    }

    func write(_ bytes: [UInt8]) throws {
        buffer += bytes
        if buffer.count >= Self.size { try flush() }
    }

    func write(_ text: String) throws { try write(Array(text.utf8)) }

    /// All was written.
    func finish() throws {
        try flush()
        if let draft, unsafe rename(draft, path) != 0 { throw failure(errno) }
        isDone = true
    }

    private func flush() throws {
        defer { buffer.removeAll(keepingCapacity: true) }
        guard let number = Output.write(buffer, to: file) else { return }
        if number == EPIPE, draft == nil { throw EndedBySignal(signal: SIGPIPE) }
        throw failure(number)
    }

    private func failure(_ number: Int32) -> ToolError {
        ToolError(
            .inputOutput,
            "cannot write \(path == "-" ? "to standard output" : "the file '\(path)'"): \(SystemCall.reason(number))")
    }
}

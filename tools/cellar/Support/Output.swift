import Cellar
import Glibc

/// Standard output, written in large pieces.
final class Output {
    private var buffer: [UInt8] = []
    private static let size = 1 << 16

    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    func write(_ text: String) throws {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Self.size { try flush() }
    }

    func write(_ bytes: [UInt8]) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.size { try flush() }
    }

    func write(spaces count: Int) throws {
        buffer.append(contentsOf: repeatElement(UInt8(ascii: " "), count: max(count, 0)))
    }

    func line(_ text: String) throws {
        try write(text)
        try write("\n")
    }

    /// Throws `EndedBySignal` if nobody reads any more: the process then ends as others do, quietly.
    func flush() throws {
        defer { buffer.removeAll(keepingCapacity: true) }
        guard let number = Self.write(buffer, to: STDOUT_FILENO) else { return }
        if number == EPIPE { throw EndedBySignal(signal: SIGPIPE) }
        throw ToolError(.inputOutput, "cannot write to standard output: \(SystemCall.reason(number))")
    }

    /// One line on standard error. Nothing in it can command a terminal.
    static func complain(_ message: String) {
        _ = write(Array("cellar: \(Printable.line(message))\n".utf8), to: STDERR_FILENO)
    }

    /// As it is; whether that can be written does not matter to what the tool does.
    static func show(_ text: String, on file: Int32) { _ = write(Array(text.utf8), to: file) }

    /// Writes all the bytes; the errno if that failed.
    static func write(_ bytes: [UInt8], to file: Int32) -> Int32? {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(file, buffer.baseAddress! + done, buffer.count - done)
            }
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }
}

import Glibc

/// A file, or standard input (`-`), read once from front to end.
final class InputStream {
    /// For messages.
    let name: String
    /// Bytes in all; nil where nobody knows, as of a pipe.
    let byteCount: Int?
    /// How many bytes were read.
    private(set) var position = 0
    private let file: Int32
    /// All of it, where it can be read only once.
    private var kept: [UInt8]?
    /// Where in the file the input starts.
    private var start: off_t = 0

    init(_ path: String) throws {
        name = path == "-" ? "standard input" : "'\(path)'"
        file = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            let status: ExitStatus = errno == EACCES ? .noPermission : .noInput
            throw ToolError(status, "cannot read \(name): \(SystemCall.reason(errno))")
        }
        var status = stat()
        let isFile = unsafe fstat(file, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        byteCount = isFile ? Int(status.st_size) : nil
    }

    /// Makes sure that `rewind` can be called. What comes from a pipe is kept in memory.
    func keep() throws {
        start = lseek(file, 0, SEEK_CUR) - off_t(position)
        if start >= 0 { return }
        var bytes: [UInt8] = []
        while case let piece = try read(1 << 18), !piece.isEmpty { bytes += piece }
        kept = bytes
        position = 0
    }

    /// What is read next is the first byte again. After `keep`.
    func rewind() {
        if kept == nil { lseek(file, start, SEEK_SET) }
        position = 0
    }

    deinit { if file > STDERR_FILENO { close(file) } }

    /// Up to so many bytes; fewer only at the end.
    func read(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count, case let more = try read(into: &bytes, from: done), more > 0 { done += more }
        bytes.removeLast(count - done)
        return bytes
    }

    /// All that is left, as text.
    func text() throws -> String {
        var bytes: [UInt8] = []
        while case let more = try read(1 << 16), !more.isEmpty { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What there is, up to the array's end; 0 at the end of the input.
    func read(into bytes: inout [UInt8], from start: Int) throws -> Int {
        if let kept {
            let count = min(kept.count - position, bytes.count - start)
            bytes.replaceSubrange(start..<start + count, with: kept[position..<position + count])
            position += count
            return count
        }
        while true {
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(file, buffer.baseAddress! + start, buffer.count - start)
            }
            if count >= 0 {
                position += count
                return count
            }
            guard errno == EINTR else {
                throw ToolError(.inputOutput, "cannot read \(name): \(SystemCall.reason(errno))")
            }
        }
    }
}

/// Lines of text, one after the other, in no more memory than the longest takes.
struct LineReader {
    private let input: InputStream
    private var buffer = [UInt8](repeating: 0, count: 1 << 17)
    /// What of the buffer was read and not given out yet; up to `searched` there is no line's end in it.
    private var pending = 0..<0
    private var searched = 0
    /// Of the line given out last, from 1 on.
    private(set) var number = 0

    init(_ input: InputStream) { self.input = input }

    /// The next line, without its end; nil when there are no more.
    mutating func next() throws -> [UInt8]? {
        while true {
            if let end = buffer[searched..<pending.upperBound].firstIndex(of: UInt8(ascii: "\n")) {
                return take(upTo: end, next: end + 1)
            }
            searched = pending.upperBound
            makeRoom()
            let count = try input.read(into: &buffer, from: pending.upperBound)
            if count > 0 {
                pending = pending.lowerBound..<pending.upperBound + count
            } else {
                return pending.isEmpty ? nil : take(upTo: pending.upperBound, next: pending.upperBound)
            }
        }
    }

    private mutating func take(upTo end: Int, next: Int) -> [UInt8] {
        let line = Array(buffer[pending.lowerBound..<end])
        pending = next..<pending.upperBound
        searched = next
        number += 1
        return line
    }

    /// What is pending goes to the front; a buffer that is full of it is made twice as large.
    private mutating func makeRoom() {
        if pending.lowerBound > 0 {
            buffer.replaceSubrange(0..<pending.count, with: Array(buffer[pending]))
            pending = 0..<pending.count
            searched = pending.upperBound
        }
        if pending.upperBound == buffer.count { buffer += [UInt8](repeating: 0, count: buffer.count) }
    }
}

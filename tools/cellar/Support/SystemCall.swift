import Cellar
import Glibc

/// Parts of the C library in the form that the tool uses.
enum SystemCall {
    static func reason(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }

    static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// Both ends of a pipe. Only copies of them are for a command.
    static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe Glibc.pipe(&ends) == 0 else {
            throw ToolError(.inputOutput, "cannot make a pipe: \(reason(errno))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// Bytes of the files in a directory, or of the file itself.
    static func byteCount(below path: String) -> Int {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return 0 }
        guard status.st_mode & S_IFMT == S_IFDIR else { return Int(status.st_size) }
        return ((try? FileNames.of(path)) ?? []).reduce(0) { $0 + byteCount(below: "\(path)/\($1)") }
    }

    /// Of a link, what it leads to.
    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Sets a variable of this process's environment, and of those of commands it runs.
    static func setEnvironment(_ name: String, _ value: String) throws {
        guard unsafe setenv(name, value, 1) == 0 else {
            throw ToolError(.usage, "'\(name)' is no name of a variable: \(reason(errno))")
        }
    }

    /// From here on `matches` takes characters for what they are, and not byte by byte.
    static func useUnicode() { unsafe setlocale(LC_CTYPE, "C.UTF-8") }

    /// Whether the name matches the pattern as of a shell, in which `*` stands for `/` too.
    static func matches(_ name: String, _ pattern: String) -> Bool { unsafe fnmatch(pattern, name, 0) == 0 }

    static func sleep(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        unsafe nanosleep(&time, nil)
    }

    /// Nanoseconds since 1970.
    static var now: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// `2026-01-31 08:15:00` in the local time zone.
    static func localTime(nanoseconds: UInt64) -> String { format(nanoseconds, "%Y-%m-%d %H:%M:%S", isLocal: true) }

    /// `2026-01-31T08:15:00Z`.
    static func universalTime(nanoseconds: UInt64) -> String {
        format(nanoseconds, "%Y-%m-%dT%H:%M:%SZ", isLocal: false)
    }

    private static func format(_ nanoseconds: UInt64, _ pattern: String, isLocal: Bool) -> String {
        var seconds = time_t(clamping: nanoseconds / 1_000_000_000)
        var parts = unsafe tm()
        _ = unsafe isLocal ? localtime_r(&seconds, &parts) : gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = unsafe strftime(&text, text.count, pattern, &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

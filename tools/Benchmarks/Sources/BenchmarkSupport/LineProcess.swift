import Glibc

/// A process that is told what to do a line at a time, and answers with a line.
public final class LineProcess {
    public enum Failure: Error, CustomStringConvertible {
        case cannotStart(String, Int32)
        case ended(String)
        case silent(String)

        public var description: String {
            switch self {
            case .cannotStart(let program, let code):
                "'\(program)' cannot be started: \(unsafe String(cString: strerror(code)))"
            case .ended(let program): "'\(program)' ended before it answered"
            case .silent(let program): "'\(program)' did not answer in time"
            }
        }
    }

    public let process: pid_t
    private let program: String
    private let input: Int32
    private let output: Int32
    private var pending: [UInt8] = []
    private var hasEnded = false

    public init(_ program: String, _ arguments: [String]) throws {
        self.program = program
        let (toChild, fromChild) = (try Self.makePipe(program), try Self.makePipe(program))
        defer {
            close(toChild.read)
            close(fromChild.write)
        }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, toChild.read, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, fromChild.write, 1)
        var argv = unsafe ([program] + arguments).map { unsafe strdup($0) }
        unsafe argv.append(nil)
        defer { unsafe argv.forEach { unsafe free($0) } }
        var started = pid_t()
        let code = unsafe posix_spawnp(&started, program, &actions, nil, argv, environ)
        guard code == 0 else { throw Failure.cannotStart(program, code) }
        (process, input, output) = (started, toChild.write, fromChild.read)
    }

    deinit { end() }

    /// Ends are closed in children, or one that is started later would keep this one's input open.
    private static func makePipe(_ program: String) throws -> (read: Int32, write: Int32) {
        var ends: (Int32, Int32) = (0, 0)
        let code = unsafe withUnsafeMutableBytes(of: &ends) {
            unsafe pipe($0.assumingMemoryBound(to: Int32.self).baseAddress!)
        }
        guard code == 0 else { throw Failure.cannotStart(program, errno) }
        for end in [ends.0, ends.1] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return ends
    }

    public func send(_ line: String) {
        var bytes = Array((line + "\n").utf8)[...]
        while !bytes.isEmpty {
            let written = unsafe bytes.withUnsafeBytes { unsafe write(input, $0.baseAddress!, $0.count) }
            guard written > 0 || errno == EINTR else { return }
            bytes = bytes.dropFirst(max(written, 0))
        }
    }

    /// The next line, waited for no longer than so many seconds.
    public func line(seconds: Double) throws -> String {
        let deadline = now() + seconds * 1e9
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                defer { pending.removeFirst(end + 1) }
                return String(decoding: pending[..<end], as: UTF8.self)
            }
            var poller = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&poller, 1, Int32(max((deadline - now()) / 1e6, 0))) > 0 else {
                if now() < deadline { continue }
                throw Failure.silent(program)
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(output, $0.baseAddress!, $0.count) }
            guard count > 0 else { throw Failure.ended(program) }
            pending += buffer[..<count]
        }
    }

    /// What it answers to a line.
    public func ask(_ line: String, seconds: Double) throws -> String {
        send(line)
        return try self.line(seconds: seconds)
    }

    public func kill(_ signal: Int32 = SIGKILL) { _ = Glibc.kill(process, signal) }

    /// Closes its input, so that it cleans up and ends; kills it if it has not after ten seconds.
    public func end() {
        guard !hasEnded else { return }
        hasEnded = true
        close(input)
        close(output)
        var status: Int32 = 0
        let deadline = now() + 10e9
        while unsafe waitpid(process, &status, WNOHANG) == 0 {
            if now() > deadline { kill() }
            usleep(1000)
        }
    }
}

import Glibc
import Synchronization

/// A process that a test started, with which it talks in lines.
public final class Worker: @unchecked Sendable {
    public enum Failure: Error, CustomStringConvertible {
        case silent(String)
        case ended(String)
        case cannotStart(String)
        public var description: String {
            switch self {
            case .silent(let text), .ended(let text), .cannotStart(let text): text
            }
        }
    }

    /// How a worker ended.
    public enum Ending: Equatable, Sendable {
        case exit(Int32)
        case signal(Int32)
    }

    public let processID: pid_t
    private let arguments: [String]
    private let connection: Int32
    private var pending: [UInt8] = []
    private var ending: Ending?
    private let isReaped = Mutex(false)

    /// The worker program lies beside the test program.
    public static let program: String = {
        if let given = unsafe getenv("CELLAR_TEST_WORKER") { return unsafe String(cString: given) }
        return buildDirectory + "/cellar-test-worker"
    }()

    /// Where the test program was built.
    public static let buildDirectory: String = {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe readlink("/proc/self/exe", bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        let path = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
        return path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }()

    /// Starts it. `isolated` gives it mounts of its own (`unshare -m`), so that it can put something over /dev/shm.
    public convenience init(_ arguments: [String], isolated: Bool = false) throws {
        try self.init(command: (isolated ? ["/usr/bin/unshare", "--mount"] : []) + [Self.program] + arguments)
    }

    /// Starts any program, by its path.
    public init(command: [String]) throws {
        arguments = Array(command.dropFirst())
        guard let (connection, childConnection) = socketPair() else {
            throw Failure.cannotStart("socketpair: \(errno)")
        }
        defer { close(childConnection) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, childConnection, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, childConnection, 1)
        var process = pid_t()
        var argv = unsafe command.map { unsafe strdup($0) }
        unsafe argv.append(nil)
        defer { unsafe argv.forEach { unsafe free($0) } }
        let result = unsafe posix_spawn(&process, command[0], &actions, nil, argv, environ)
        guard result == 0 else { throw Failure.cannotStart("cannot start \(command[0]): error \(result)") }
        processID = process
        self.connection = connection
    }

    deinit {
        kill()
        close(connection)
    }

    // MARK: Lines

    public func send(_ line: String = "go") {
        let bytes = Array((line + "\n").utf8)
        unsafe bytes.withUnsafeBytes { _ = unsafe Glibc.write(connection, $0.baseAddress!, $0.count) }
    }

    /// The next line; throws if there is none in time or the worker ended.
    public func line(seconds: Int = 240) throws -> String {
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: pending[..<end], as: UTF8.self)
                pending.removeFirst(end + 1)
                return line
            }
            guard try readMore(seconds) else { throw Failure.ended("worker \(arguments) ended; it left '\(rest)'") }
        }
    }

    /// Waits for the line; throws if another one comes.
    public func expect(_ line: String, seconds: Int = 240) throws {
        let got = try self.line(seconds: seconds)
        if got != line { throw Failure.silent("worker \(arguments) said '\(got)' and not '\(line)'") }
    }

    /// Lines that were said and not read yet, without waiting.
    public func linesSoFar() -> [String] {
        var waiting = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
        while unsafe poll(&waiting, 1, 0) > 0, (try? readMore(0)) == true {}
        var lines: [String] = []
        while pending.contains(UInt8(ascii: "\n")), let line = try? self.line(seconds: 0) { lines.append(line) }
        return lines
    }

    private var rest: String { String(decoding: pending, as: UTF8.self) }

    /// False at the end of the output.
    private func readMore(_ seconds: Int) throws -> Bool {
        var waiting = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
        var result = unsafe poll(&waiting, 1, Int32(seconds * 1000))
        while result < 0, errno == EINTR { result = unsafe poll(&waiting, 1, Int32(seconds * 1000)) }
        guard result > 0 else { throw Failure.silent("worker \(arguments) said nothing for \(seconds) s") }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(connection, $0.baseAddress!, $0.count) }
        if count <= 0 { return false }
        pending.append(contentsOf: buffer.prefix(count))
        return true
    }

    // MARK: Life

    public func signal(_ number: Int32) {
        isReaped.withLock { if !$0 { _ = Glibc.kill(processID, number) } }
    }

    /// SIGKILL, and waits until the process is gone with all its threads.
    @discardableResult
    public func kill() -> Ending {
        signal(SIGKILL)
        return reap()
    }

    /// Waits for its own end; throws if it does not come in time.
    @discardableResult
    public func wait(seconds: Int = 240) throws -> Ending {
        // Its output ends when it does.
        while try readMore(seconds) {}
        return reap()
    }

    /// Waits until it is stopped by a signal. False if it ended instead.
    public func waitForStop() -> Bool {
        var information = unsafe siginfo_t()
        while unsafe waitid(P_PID, id_t(processID), &information, WSTOPPED | WEXITED | WNOWAIT) < 0, errno == EINTR {}
        return unsafe information.si_code == Int32(CLD_STOPPED)
    }

    /// Whether it has ended, by itself or not. Does not wait.
    public var hasEnded: Bool {
        if ending != nil { return true }
        var information = unsafe siginfo_t()
        let result = unsafe waitid(P_PID, id_t(processID), &information, WEXITED | WNOHANG | WNOWAIT)
        return unsafe result == 0 && information.si_signo == SIGCHLD
    }

    private func reap() -> Ending {
        if let ending { return ending }
        var status: Int32 = 0
        while unsafe waitpid(processID, &status, 0) < 0, errno == EINTR {}
        isReaped.withLock { $0 = true }
        let number = status & 0x7F
        let ending: Ending = number == 0 ? .exit((status >> 8) & 0xFF) : .signal(number)
        self.ending = ending
        return ending
    }
}

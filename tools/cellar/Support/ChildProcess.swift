@unsafe @preconcurrency import Glibc

/// A command that this process runs and waits for.
struct ChildProcess {
    let processID: pid_t

    /// How a command ended.
    enum Ending: Equatable {
        case status(Int32)
        case signal(Int32)

        var isSuccess: Bool { self == .status(0) }
        /// What a shell makes of it.
        var status: Int32 {
            switch self {
            case .status(let status): status
            case .signal(let signal): 128 + signal
            }
        }
    }

    /// Signals that are for the command, not for who waits for it.
    private static let passed = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM]

    /// Has the signals that are for commands wait, before a command is started. Threads that are there already take them by
    /// themselves: to be called before a store is opened, too.
    static func holdSignals() {
        var set = set(passed + [SIGCHLD])
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// This thread takes them itself: they end the process.
    static func releaseSignals() {
        var set = set(passed + [SIGCHLD])
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// Starts a command, found as a shell finds it; `input` is its standard input if given, which `wait` writes, `output` what it
    /// prints to, errors too. `holdSignals` was called before, if it is waited for by `wait`.
    static func start(_ command: [String], input: CommandInput? = nil, output: Int32? = nil) throws -> ChildProcess {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // As a shell starts it: nothing waits, and a pipe that nobody reads is a signal.
        var (none, defaults) = (set([]), set([SIGPIPE]))
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if let input { unsafe posix_spawn_file_actions_adddup2(&actions, input.reading, STDIN_FILENO) }
        for file in [STDOUT_FILENO, STDERR_FILENO] {
            if let output { unsafe posix_spawn_file_actions_adddup2(&actions, output, file) }
        }
        var processID: pid_t = 0
        let failure = unsafe withArguments(command) { pointers in
            unsafe posix_spawnp(&processID, pointers[0]!, &actions, &attributes, pointers, environ)
        }
        guard failure == 0 else { throw Self.cannotStart(command[0], failure) }
        input?.isPassedOn()
        return ChildProcess(processID: processID)
    }

    /// Runs the command in place of this process; returns only by an error.
    static func replaceThisProcess(by command: [String]) throws -> Never {
        signal(SIGPIPE, SIG_DFL)
        unsafe withArguments(command) { pointers in _ = unsafe execvp(pointers[0]!, pointers) }
        throw cannotStart(command[0], errno)
    }

    private static func cannotStart(_ name: String, _ number: Int32) -> ToolError {
        let status: ExitStatus = number == ENOENT ? .commandNotFound : .commandNotRun
        return ToolError(status, "cannot run '\(name)': \(SystemCall.reason(number))")
    }

    private static func withArguments<Result>(
        _ command: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = unsafe command.map { unsafe strdup($0) } + [nil]
        defer { for index in 0..<command.count { unsafe free(pointers[index]) } }
        return unsafe pointers.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress!) }
    }

    /// Waits for its end; meanwhile gives it its input, hands signals on to it, and calls `body` now and then. What a terminal
    /// sends, it sends to the command, too.
    func wait(
        feeding input: CommandInput? = nil, each interval: Duration = .seconds(3600), _ body: () throws -> Void = {}
    ) rethrows -> Ending {
        var next = ContinuousClock.now + interval
        while true {
            if let ending = endingIfOver() { return ending }
            // While the command is to read, signals are looked for each time it did, or did not for a moment.
            let isFed = input?.advance() ?? true
            handOnSignal(waiting: isFed ? max(next - .now, .zero) : .zero)
            guard ContinuousClock.now >= next else { continue }
            try body()
            next = .now + interval
        }
    }

    private func handOnSignal(waiting duration: Duration) {
        var set = Self.set(Self.passed + [SIGCHLD])
        let (seconds, attoseconds) = duration.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var information = unsafe siginfo_t()
        let number = unsafe sigtimedwait(&set, &information, &time)
        if number > 0, number != SIGCHLD, unsafe information.si_code != SI_KERNEL { kill(processID, number) }
    }

    /// How it ended, if it has.
    func endingIfOver() -> Ending? {
        var status: Int32 = 0
        var result: pid_t
        repeat {
            result = unsafe waitpid(processID, &status, WNOHANG)
        } while result < 0 && errno == EINTR
        if result == 0 { return nil }
        let signal = status & 0x7F
        return signal == 0 ? .status(status >> 8 & 0xFF) : .signal(signal)
    }

    private static func set(_ numbers: [Int32]) -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in numbers { unsafe sigaddset(&set, number) }
        return set
    }
}

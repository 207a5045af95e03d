@unsafe @preconcurrency import Glibc

/// A child process that runs one worker.
struct WorkerProcess {
    let number: Int
    let processID: pid_t

    /// Starts this program again as a worker.
    init(number: Int, storePath: String) throws {
        self.number = number
        processID = try Self.spawn([
            "cellar", "demo-worker", storePath, "--number", "\(number)", "--parent", "\(getpid())",
        ])
    }

    private static func spawn(_ arguments: [String]) throws -> pid_t {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // The signals that this process takes at places of its own choosing end a worker at once.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var pointers = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { for index in 0..<arguments.count { unsafe free(pointers[index]) } }
        var processID: pid_t = 0
        let failure = unsafe posix_spawn(&processID, "/proc/self/exe", nil, &attributes, &pointers, environ)
        guard failure == 0 else {
            throw ToolError(.inputOutput, "cannot start a worker process: \(SystemCall.reason(failure))")
        }
        return processID
    }

    /// Kills it as the kernel does when memory is short: without a chance to put anything away.
    func kill() { Glibc.kill(processID, SIGKILL) }

    /// How it ended; nil if it still runs, unless `waits`.
    func ending(waits: Bool = false) -> String? {
        var status: Int32 = 0
        var result: pid_t
        repeat {
            result = unsafe waitpid(processID, &status, waits ? 0 : WNOHANG)
        } while result < 0 && errno == EINTR
        if result == 0 { return nil }
        let signal = status & 0x7F
        return signal == 0 ? "with status \(status >> 8 & 0xFF)" : "by signal \(signal)"
    }
}

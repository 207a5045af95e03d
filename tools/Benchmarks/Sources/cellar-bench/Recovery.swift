import ArgumentParser
import Cellar
import Glibc

/// How long the next writer waits after the holder of a cell's lock was killed.
struct Recovery: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Kills holders of a lock, and measures how long the next writer waits.",
        discussion:
            "From just before SIGKILL is sent until the next writer's change is made: ending the process, which "
            + "is the kernel's work, is part of it. Ends with status 1 if the median is over a millisecond.")

    @Option(help: "How many holders are killed.") var kills = 1000

    func run() throws {
        let path = "/tmp/cellar-bench-\(getpid())"
        defer { try? Store.remove(path) }
        let store = try Store.open(path)
        defer { store.close() }
        let block = try store.value("block", initial: Block64())
        var samples = Samples()
        for number in 1...kills {
            let holder = try Holder(path)
            let start = now()
            holder.kill()
            try block.withLock { $0.a = number }
            samples.add(now() - start)
            holder.reap()
        }
        let row = Row(
            name: "next writer after SIGKILL", figure: "\(short(samples.median / 1000)) µs", spread: samples.spread,
            limit: 1_000_000, value: samples.median)
        print(row.line)
        print("median \(short(samples.median / 1000)) µs, worst \(short(samples.worst / 1000)) µs over \(kills) kills")
        if !row.holds { throw ExitCode(1) }
    }

    /// A process that holds the lock, changing the value.
    private struct Holder {
        private let process: pid_t

        init(_ path: String) throws {
            var ends: (Int32, Int32) = (0, 0)
            guard
                unsafe withUnsafeMutableBytes(
                    of: &ends, { unsafe pipe($0.assumingMemoryBound(to: Int32.self).baseAddress!) }) == 0
            else { throw ValidationError("pipe: \(errno)") }
            var actions = unsafe posix_spawn_file_actions_t()
            unsafe posix_spawn_file_actions_init(&actions)
            defer { unsafe posix_spawn_file_actions_destroy(&actions) }
            unsafe posix_spawn_file_actions_adddup2(&actions, ends.1, 1)
            let command: [String] = ["/proc/self/exe", "hold", path]
            var argv = unsafe command.map { unsafe strdup($0) }
            unsafe argv.append(nil)
            defer { unsafe argv.forEach { unsafe free($0) } }
            var started = pid_t()
            let result = unsafe posix_spawn(&started, "/proc/self/exe", &actions, nil, argv, environ)
            close(ends.1)
            guard result == 0 else { throw ValidationError("cannot start a process: error \(result)") }
            process = started
            var byte: UInt8 = 0
            _ = unsafe read(ends.0, &byte, 1)
            close(ends.0)
        }

        func kill() { _ = Glibc.kill(process, SIGKILL) }

        func reap() {
            var status: Int32 = 0
            while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        }
    }
}

/// The process that is killed.
struct Hold: ParsableCommand {
    static let configuration = CommandConfiguration(shouldDisplay: false)
    @Argument var path: String

    func run() throws {
        let store = try Store.open(path)
        defer { store.close() }
        try store.value("block", initial: Block64()).withLock { value in
            value.h = 1
            var byte: UInt8 = 1
            _ = unsafe write(1, &byte, 1)
            sleep(60)
        }
    }
}

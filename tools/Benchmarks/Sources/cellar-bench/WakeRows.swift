import ArgumentParser
import CBare
import Cellar
import Glibc

/// How long it takes until a process that waits for a change goes on, beside a bare futex.
struct Wake: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures how long a process that waits for a value takes to see a change.",
        discussion:
            "From just before the store until the other process has the value, with pauses in which it falls asleep; "
            + "both bound to processors of their own, and to one. Ends with status 1 if a median is over 1.5 times that of "
            + "a bare futex in the same run.")

    @Option(help: "How often each is measured, in turn.") var rounds = 7
    @Option(help: "Changes in a measurement.") var changes = 300

    private static let pause: UInt32 = 300

    func run() throws {
        let path = "/tmp/cellar-bench-\(getpid())"
        defer { try? Store.remove(path) }
        let store = try Store.open(path)
        defer { store.close() }
        let value = try store.value("time", initial: 0)
        let rows = [("two processors", 1), ("one processor", 0)].map { name, sleeper in
            Comparison(name: "wake a watcher, \(name)", limit: 1.5, ours: { ours(value, path, sleeper) }) {
                bare_wake(0, Int32(sleeper), Int32(changes), Self.pause)
            }.run(rounds: rounds)
        }
        for row in rows { print(row.line) }
        if rows.contains(where: { !$0.holds }) { throw ExitCode(1) }
    }

    private func ours(_ value: SharedValue<Int>, _ path: String, _ sleeper: Int) -> Double {
        value.store(0)
        guard let watcher = try? Peer(["watch-peer", path, "\(sleeper)"]) else { return .nan }
        bare_pin(0)
        // The first line says that it waits.
        _ = watcher.line()
        for _ in 0..<changes {
            usleep(Self.pause)
            value.store(Int(now()))
        }
        usleep(Self.pause)
        value.store(-1)
        return Double(watcher.line()) ?? .nan
    }
}

/// The process that waits.
struct WatchPeer: ParsableCommand {
    static let configuration = CommandConfiguration(shouldDisplay: false)
    @Argument var path: String
    @Argument var processor: Int

    func run() throws {
        let store = try Store.open(path)
        defer { store.close() }
        bare_pin(Int32(processor))
        let value = try store.value("time", initial: 0)
        var samples = Samples()
        var seen = try value.versioned()
        print("waiting")
        fflush(nil)
        while let next = try value.wait(after: seen.version, timeout: .seconds(60)), next.value >= 0 {
            samples.add(now() - Double(next.value))
            seen = next
        }
        print(samples.median)
    }
}

/// A program that this one started again in another role, and what it says.
struct Peer {
    let process: pid_t
    private let output: Int32

    init(_ arguments: [String], program: String = "/proc/self/exe") throws {
        var ends: (Int32, Int32) = (0, 0)
        guard
            unsafe withUnsafeMutableBytes(
                of: &ends, { unsafe pipe($0.assumingMemoryBound(to: Int32.self).baseAddress!) }) == 0
        else { throw ValidationError("pipe: \(errno)") }
        defer { close(ends.1) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, ends.1, 1)
        var argv = unsafe ([program] + arguments).map { unsafe strdup($0) }
        unsafe argv.append(nil)
        var started = pid_t()
        let result = unsafe posix_spawn(&started, program, &actions, nil, argv, environ)
        guard result == 0 else { throw ValidationError("cannot start a process: error \(result)") }
        (process, output) = (started, ends.0)
    }

    func line() -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while unsafe read(output, &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

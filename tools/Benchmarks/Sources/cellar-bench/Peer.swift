import ArgumentParser
import Glibc

/// Another program, or this one started again in another role, and what it says.
struct Peer {
    private let process: pid_t
    private let output: Int32

    /// This program.
    init(_ arguments: [String]) throws { try self.init("/proc/self/exe", arguments) }

    init(_ program: String, _ arguments: [String]) throws {
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
        let result = unsafe posix_spawnp(&started, program, &actions, nil, argv, environ)
        guard result == 0 else { throw ValidationError("cannot start a process: error \(result)") }
        (process, output) = (started, ends.0)
    }

    func line() -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while unsafe read(output, &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Waits until it has ended.
    func join() {
        close(output)
        var status: Int32 = 0
        unsafe waitpid(process, &status, 0)
    }
}

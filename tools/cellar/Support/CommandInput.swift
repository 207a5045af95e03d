import Glibc

/// What a command is to read: goes into a pipe as fast as the command takes it, and then the pipe ends. A command that does not
/// read to the end is none the worse.
final class CommandInput {
    /// The end that is for the command.
    private(set) var reading: Int32
    private var writing: Int32
    private let bytes: [UInt8]
    private var done = 0
    /// How long there has to be no room for `advance` to return.
    private static let patience: Int32 = 20

    init(_ bytes: [UInt8]) throws {
        (reading, writing) = try SystemCall.pipe()
        self.bytes = bytes
        _ = fcntl(writing, F_SETFL, O_NONBLOCK)
    }

    deinit {
        Self.end(&reading)
        Self.end(&writing)
    }

    /// The command has its end, and is the only one that reads.
    func isPassedOn() { Self.end(&reading) }

    /// Writes what there is room for; waits a moment if there is none. True once there is nothing left to do.
    func advance() -> Bool {
        while writing >= 0, done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(writing, buffer.baseAddress! + done, buffer.count - done)
            }
            if count >= 0 {
                done += count
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: writing, events: Int16(POLLOUT), revents: 0)
                unsafe poll(&waiting, 1, Self.patience)
                return false
            } else if errno != EINTR {
                // Nobody reads any more.
                break
            }
        }
        Self.end(&writing)
        return true
    }

    private static func end(_ file: inout Int32) {
        if file >= 0 { close(file) }
        file = -1
    }
}

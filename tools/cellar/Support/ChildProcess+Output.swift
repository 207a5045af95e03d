import Glibc

extension ChildProcess {
    /// Runs a command without input to its end; what it printed, errors too. Nil if it took longer than the limit: it was killed then.
    static func output(of command: [String], within limit: Duration) throws -> String? {
        let deadline = ContinuousClock.now + limit
        let (reading, writing) = try SystemCall.pipe()
        defer { close(reading) }
        let input = try CommandInput([])
        let child: ChildProcess
        do {
            defer { close(writing) }
            child = try start(command, input: input, output: writing)
        }
        _ = input.advance()
        let bytes = read(reading, until: deadline)
        while ContinuousClock.now < deadline {
            if child.endingIfOver() != nil { return String(decoding: bytes, as: UTF8.self) }
            SystemCall.sleep(.milliseconds(1))
        }
        kill(child.processID, SIGKILL)
        while child.endingIfOver() == nil { SystemCall.sleep(.milliseconds(1)) }
        return nil
    }

    private static func read(_ file: Int32, until deadline: ContinuousClock.Instant) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while ContinuousClock.now < deadline {
            var ready = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
            if unsafe poll(&ready, 1, 20) <= 0 { continue }
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress!, $0.count) }
            if count <= 0 { break }
            bytes += buffer.prefix(count)
        }
        return bytes
    }
}

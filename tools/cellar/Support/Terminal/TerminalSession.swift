import Glibc

/// A terminal that a program has for itself: another screen, no cursor, keys as they are pressed. `end` gives it back.
final class TerminalSession {
    private let input = Terminal(file: STDIN_FILENO)
    private let output = Terminal(file: STDOUT_FILENO)
    private var before: termios?
    private var parser = KeyParser()

    // The other screen, cleared; no cursor; long lines are cut.
    private static let enter = "\u{1B}[?1049h\u{1B}[2J\u{1B}[?25l\u{1B}[?7l"
    private static let leave = "\u{1B}[0m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    /// Whether there is a terminal on both sides that can do this.
    static var isPossible: Bool {
        Terminal(file: STDIN_FILENO).isTerminal && Terminal(file: STDOUT_FILENO).canDraw
    }

    var size: Terminal.Size { output.size }
    var hasColours: Bool { output.hasColours }

    deinit { end() }

    /// Takes the terminal, or takes it again after the process was stopped. Signals that keys send, such as those of Ctrl-C, are
    /// still sent.
    func begin() throws {
        var settings = termios()
        guard unsafe tcgetattr(input.file, &settings) == 0 else { throw Self.failure("read the settings of") }
        let old = settings
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        settings.c_iflag &= ~tcflag_t(IXON)
        // A read returns at once, with what there is.
        unsafe withUnsafeMutableBytes(of: &settings.c_cc) { control in
            unsafe control[Int(VMIN)] = 0
            unsafe control[Int(VTIME)] = 0
        }
        guard unsafe tcsetattr(input.file, TCSANOW, &settings) == 0 else { throw Self.failure("change") }
        before = before ?? old
        try write(Self.enter)
    }

    /// Gives it back as it was. Doing that twice does nothing.
    func end() {
        guard var old = before else { return }
        before = nil
        try? write(Self.leave)
        unsafe tcsetattr(input.file, TCSAFLUSH, &old)
    }

    /// Keys that were pressed by then, after at most that time without one. Throws when the terminal is gone.
    func keys(within duration: Duration) throws -> [Key] {
        var waiting = pollfd(fd: input.file, events: Int16(POLLIN), revents: 0)
        let milliseconds = Int32(clamping: Int(duration / .milliseconds(1)))
        guard unsafe poll(&waiting, 1, milliseconds) > 0 else { return parser.keys([]) }
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(input.file, $0.baseAddress!, $0.count) }
        if count < 0, errno == EINTR || errno == EAGAIN { return [] }
        // Readable, and nothing there: who was at the other side hung up.
        guard count > 0 else { throw EndedBySignal(signal: SIGHUP) }
        return parser.keys(Array(buffer.prefix(count)))
    }

    func write(_ text: String) throws {
        let output = Output()
        try output.write(text)
        try output.flush()
    }

    private static func failure(_ what: String) -> ToolError {
        ToolError(.inputOutput, "cannot \(what) the terminal: \(SystemCall.reason(errno))")
    }
}

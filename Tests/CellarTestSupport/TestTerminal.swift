import Glibc

/// A real terminal at which nobody sits: a shell in a tmux server of the test's own.
public final class TestTerminal {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private let tmux: String
    /// What the shell says when it waits for a command.
    public static let prompt = "shell>"

    private init(directory: String, columns: Int, rows: Int, environment: String) throws {
        // One that was just ended may still be there: each has a name of its own.
        let socket = "\(directory)/tmux-\(UInt32.random(in: 0 ... .max))"
        tmux = "LC_ALL=C.UTF-8 tmux -u -S \(socket) -f /dev/null"
        // A shell that nobody ends ends by itself, and tmux with it.
        let shell = "timeout --foreground 900 env -u NO_COLOR PS1='\(Self.prompt) ' \(environment) sh -i"
        let start = run("new-session -d -x \(columns) -y \(rows) \(quoted(shell))")
        guard start.code == 0 else { throw Failure(description: "cannot start tmux: \(start.output)") }
    }

    /// Opens one, with files in the directory, and ends it whatever happens.
    public static func with<Result>(
        in directory: String, columns: Int = 100, rows: Int = 30, environment: String = "",
        _ body: (TestTerminal) throws -> Result
    ) throws -> Result {
        let terminal = try TestTerminal(directory: directory, columns: columns, rows: rows, environment: environment)
        defer { _ = terminal.run("kill-server") }
        try terminal.wait(for: prompt)
        return try body(terminal)
    }

    private func run(_ command: String) -> (code: Int32, output: String) {
        withSignals { shell("\(tmux) \(command)") }
    }

    /// The threads on which tests run take no signals, and what they start would take none either.
    private func withSignals<Result>(_ body: () -> Result) -> Result {
        var (none, before) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        return body()
    }

    private func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    // MARK: Keys

    /// Presses keys, by tmux's names: `q`, `Tab`, `C-c`.
    public func press(_ keys: String...) {
        for key in keys { _ = run("send-keys \(quoted(key))") }
    }

    /// Types text, as it is.
    public func type(_ text: String) { _ = run("send-keys -l -- \(quoted(text))") }

    /// Gives the shell a command.
    public func enter(_ command: String) {
        type(command)
        press("Enter")
    }

    public func resize(columns: Int, rows: Int) { _ = run("resize-window -x \(columns) -y \(rows)") }

    // MARK: The screen

    /// What is to be seen, line by line.
    public var lines: [String] {
        run("capture-pane -p").output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(
            String.init)
    }

    /// The same with escape sequences for colours and the like.
    public var styledText: String { run("capture-pane -p -e").output }

    /// What tmux knows of the terminal, by the name of its format: `cursor_flag`, `alternate_on`.
    public func state(_ name: String) -> String {
        String(run("display-message -p '#{\(name)}'").output.prefix { $0 != "\n" })
    }

    /// The file through which programs in the terminal write to it.
    public var device: String { state("pane_tty") }

    /// Waits until the screen is as wanted; throws, with what there is, if that does not come in time.
    public func wait(
        seconds: Int = 120, for what: String, until condition: ([String]) throws -> Bool
    ) throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let lines = lines
            if try condition(lines) { return }
            if ContinuousClock.now > deadline {
                throw Failure(description: "not seen: \(what), but:\n" + lines.joined(separator: "\n"))
            }
            usleep(20_000)
        }
    }

    /// Waits until the text is somewhere on the screen.
    public func wait(for text: String) throws {
        try wait(for: "'\(text)'") { $0.contains { $0.contains(text) } }
    }
}

import Glibc

/// Shows how far the work is: on a terminal one line drawn again and again, elsewhere a line at every tenth.
struct ProgressDisplay {
    struct State {
        var done: Int
        var total: Int
        var words: Int
        /// Workers; nil when they are no longer needed.
        var alive: Int?

        /// Hundredths; all of them only when nobody has anything left to do.
        var percent: Int { alive == nil ? 100 : min(done * 100 / max(total, 1), 99) }
    }

    private let output: Output
    private let terminal = Terminal(file: STDOUT_FILENO)
    private let isTerminal: Bool
    private var shownTenth = -1
    private var isDrawn = false

    init(output: Output) {
        self.output = output
        isTerminal = terminal.canDraw
    }

    mutating func show(_ state: State) throws {
        if isTerminal {
            try output.write("\r" + bar(state) + "\u{1B}[K")
            isDrawn = true
        } else if state.percent / 10 > shownTenth {
            shownTenth = state.percent / 10
            try output.line(Printable.rightAligned("\(state.percent)", to: 3) + " %  " + words(state))
        }
        try output.flush()
    }

    /// A line of its own, above the bar.
    mutating func say(_ text: String) throws {
        try end(erasing: true)
        try output.line(text)
        try output.flush()
    }

    /// Leaves the bar as it is, and goes to the next line.
    mutating func end() throws { try end(erasing: false) }

    private mutating func end(erasing: Bool) throws {
        if isDrawn { try output.write(erasing ? "\r\u{1B}[K" : "\n") }
        isDrawn = false
    }

    // MARK: Parts

    private func words(_ state: State) -> String {
        let words = Printable.counted(state.words, "word")
        return state.alive.map { "\(words) so far, \(Printable.counted($0, "worker")) alive" } ?? words
    }

    private func bar(_ state: State) -> String {
        let text = Printable.rightAligned("\(state.percent)", to: 3) + " %  " + words(state)
        let columns = terminal.size.columns
        let width = min(40, columns - text.count - 4)
        guard width >= 10 else { return TextWidth.cut(text, to: columns - 1) }
        return ProgressLine.bar(Double(state.percent) / 100, width: width) + " " + text
    }
}

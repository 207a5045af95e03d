import Glibc

/// Shows on standard error how far long work is: on a terminal one line that is drawn again and again, elsewhere a line now
/// and then. Work that is done at once shows nothing.
///
///     var bar = ProgressBar(total: byteCount, label: "import")
///     defer { bar.finish() }
///     while … { bar.advance(by: count) }
struct ProgressBar {
    private let terminal: Terminal
    private let isQuiet: Bool
    private let isDrawn: Bool
    private let start = ContinuousClock.now
    private var shown: ContinuousClock.Instant?
    private var line: ProgressLine

    /// Before the first line, and between two: of a terminal, of a file or pipe.
    private static let pauses: (drawn: Duration, written: Duration) = (.milliseconds(100), .seconds(3))

    /// `total` in bytes, or nil where nobody knows. `isQuiet` shows nothing, ever. `file` is where it shows.
    init(total: Int?, label: String, isQuiet: Bool = false, on file: Int32 = STDERR_FILENO) {
        terminal = Terminal(file: file)
        self.isQuiet = isQuiet
        isDrawn = terminal.canDraw
        line = ProgressLine(label: Printable.line(label), total: total)
    }

    /// So many bytes more are done. Cheap enough for every piece of some kilobytes.
    mutating func advance(by count: Int) {
        line.done += count
        if isQuiet { return }
        let now = ContinuousClock.now
        guard now - (shown ?? start) >= (isDrawn ? Self.pauses.drawn : Self.pauses.written) else { return }
        shown = now
        line.elapsed = now - start
        show(line, ending: "")
    }

    /// The work has ended, or failed: what comes next on the terminal is on a line of its own. Call it once.
    func finish() {
        guard shown != nil else { return }
        var last = line
        last.elapsed = ContinuousClock.now - start
        last.isFinished = true
        show(last, ending: "\n")
    }

    private func show(_ line: ProgressLine, ending: String) {
        guard isDrawn else { return Output.show(line.text + "\n", on: terminal.file) }
        Output.show("\r" + line.text(width: terminal.size.columns - 1) + "\u{1B}[K" + ending, on: terminal.file)
    }
}

/// What a progress bar says at one moment.
struct ProgressLine {
    var label: String
    var done = 0
    var total: Int?
    var elapsed: Duration = .zero
    var isFinished = false

    /// Without a bar.
    var text: String { ([label] + figures).joined(separator: "  ") }

    /// In so many columns at most, with a bar if there is place for one.
    func text(width: Int) -> String {
        let place = min(width - TextWidth.of(text) - 4, 40)
        guard let fraction, place >= 10 else { return TextWidth.cut(text, to: width) }
        return ([label, Self.bar(fraction, width: place)] + figures).joined(separator: "  ")
    }

    /// `[####----]`, with so many places inside.
    static func bar(_ fraction: Double, width: Int) -> String {
        let filled = Int(fraction * Double(width))
        return "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled) + "]"
    }

    // MARK: Parts

    private var fraction: Double? {
        guard let total else { return nil }
        return total > 0 ? min(max(Double(done) / Double(total), 0), 1) : 1
    }

    /// Bytes a second since the start.
    private var rate: Double { elapsed > .zero ? Double(done) / (elapsed / .seconds(1)) : 0 }

    private var figures: [String] {
        var figures = fraction.map { [Printable.rightAligned("\(Int($0 * 100))", to: 3) + " %"] } ?? []
        figures.append(HumanUnits.bytes(done) + (total.map { " of \(HumanUnits.bytes($0))" } ?? ""))
        if rate >= 1 { figures.append(HumanUnits.bytes(Int(rate)) + "/s") }
        if isFinished {
            figures.append("in " + HumanUnits.duration(elapsed))
        } else if let total, rate >= 1 {
            figures.append(HumanUnits.duration(.seconds(Double(max(total - done, 0)) / rate)) + " left")
        }
        return figures
    }
}

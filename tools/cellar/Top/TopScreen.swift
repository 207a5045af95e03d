import Cellar
import Glibc

/// The live screen: looks, draws, and does what keys ask for, until somebody quits.
struct TopScreen {
    private var sampler: Sampler
    private var choices: TopChoices
    private let session = TerminalSession()
    private var screen: Screen
    private let clock = ContinuousClock()

    /// Between two looks, and so the longest before a key or a signal is seen.
    private static let pause: Duration = .milliseconds(40)
    private static let signals = SignalSet(TerminatingSignals.numbers + [SIGQUIT, SIGTSTP, SIGCONT])

    init(_ sampler: Sampler, _ choices: TopChoices) {
        (self.sampler, self.choices) = (sampler, choices)
        screen = Screen(inColour: session.hasColours)
    }

    /// Signals that are taken here: to be called before anything else starts a thread.
    static func blockSignals() { signals.block() }

    /// Gives the terminal back whatever happens; throws `EndedBySignal` if a signal ended it.
    mutating func run() throws {
        try session.begin()
        defer {
            session.end()
            sampler.close()
        }
        var sample = try sampler.sample()
        try draw(sample)
        // The first rates come soon.
        var next = clock.now + min(choices.interval, .milliseconds(300))
        while true {
            let keys = try session.keys(within: Self.pause)
            for key in keys where !choices.press(key) { return }
            if !keys.isEmpty { next = min(next, clock.now + choices.interval) }
            let isBack = try takeSignal()
            sampler.look()
            let isDue = clock.now >= next
            if isDue {
                let newest = try sampler.sample()
                if !choices.isPaused { sample = newest }
                next = clock.now + choices.interval
            }
            if isDue || isBack || !keys.isEmpty || session.size != drawn { try draw(sample) }
        }
    }

    /// Whether the program was stopped, and the terminal may show something else.
    private mutating func takeSignal() throws -> Bool {
        guard let number = Self.signals.next(within: .zero) else { return false }
        switch number {
        case SIGTSTP:
            session.end()
            raise(SIGSTOP)
        case SIGCONT: break
        default: throw EndedBySignal(signal: number)
        }
        try session.begin()
        screen.forget()
        return true
    }

    private var drawn: Terminal.Size?

    private mutating func draw(_ sample: Sample) throws {
        let size = session.size
        let frame = TopFrame(sample, choices, size)
        frame.settle(&choices)
        drawn = size
        let text = screen.frame(frame.lines(choices), size)
        if !text.isEmpty { try session.write(text) }
    }
}

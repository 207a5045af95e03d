import ArgumentParser
import Cellar
import Glibc

struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Shows what goes on in a store, on a screen that is drawn again and again.",
        discussion: """
            Cells by how often they change, queues by how much is in them, processes, locks and who waits for them, memory, and \
            tables by how many entries they have and how fast they grow. \
            Press ? for what the keys do, q to end. Looking leaves no trace and costs the programs that write nothing; it goes \
            on when all processes of the store have ended, and when its memory is made anew.

            Where there is no terminal, or with --count or --json, what there is to see is printed instead: once, or --count \
            times, --interval apart; with --json one object a line. Stores of values of more than 8 bytes and what is put into \
            queues, logs and lists are counted; smaller values, arrays and dictionaries are compared many times a second, so \
            that they may change more often than is seen ('≥', "at_least").

              cellar top robot.cellar
              cellar top robot.cellar --filter arm --interval 200ms
              cellar top robot.cellar --json --count 60 > minute.ndjson
            """)

    @OptionGroup var store: StoreArgument
    @Option(help: "Time from one look to the next: 200ms, 1s, 1m.") var interval = TimeSpan(duration: .seconds(1))
    @Option(help: "Prints so often, and ends.") var count: Int?
    @Option(help: "Only what has this in its name, in capitals or not.") var filter = ""
    @Option(help: "Prints so many lines of each kind at most (20; all with --json).") var rows: Int?
    @Flag(help: "Prints one JSON object a line.") var json = false

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count takes a number from 1 on, not \(count)") }
        if let rows, rows < 1 { throw ValidationError("--rows takes a number from 1 on, not \(rows)") }
        if interval.duration < .milliseconds(50) { throw ValidationError("--interval takes 50ms or more") }
    }

    func run() throws {
        let isLive = count == nil && !json && TerminalSession.isPossible
        if isLive { TopScreen.blockSignals() } else { TerminatingSignals.block() }
        do {
            let sampler = try Sampler(store)
            if isLive {
                var screen = TopScreen(sampler, TopChoices(interval: interval.duration, filter: filter))
                try screen.run()
            } else {
                try print(sampler)
            }
        } catch let ended as EndedBySignal {
            // That is how a look is ended by hand.
            if ended.signal != SIGINT { throw ended }
        }
    }

    /// Rates need time to look: each sample comes at the end of its interval.
    private func print(_ sampler: Sampler) throws {
        var sampler = sampler
        defer { sampler.close() }
        let output = Output()
        let clock = ContinuousClock()
        _ = try sampler.sample()
        for number in 0..<(count ?? 1) {
            let end = clock.now + interval.duration
            while clock.now < end {
                try TerminatingSignals.sleep(min(.milliseconds(40), end - clock.now))
                sampler.look()
            }
            let sample = try sampler.sample()
            if json {
                try output.line(TopLines.json(sample, filter: filter, rows: rows ?? .max))
            } else {
                if number > 0 { try output.line("") }
                try TopLines.write(sample, filter: filter, rows: rows ?? 20, to: output)
            }
            try output.flush()
        }
    }
}

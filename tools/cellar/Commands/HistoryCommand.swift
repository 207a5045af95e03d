import ArgumentParser
import Cellar
import Glibc

struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Looks at numbers again and again, and draws how they went.",
        discussion: """
            A line for each name: a bar for each sample, and the least, the most and the last of them. Of a queue the number is of \
            what is to be delivered or acknowledged, of a dictionary, table or list how much is in it, of a log the next offset. \
            What changes between two samples does not show. On a terminal the lines are drawn anew with each sample; elsewhere they \
            come at the end, which an interrupt brings early. With --json, one object for each name, at the end.

              cellar history robot.cellar speed pose.x --interval 100ms --count 50
              cellar history robot.cellar jobs --interval 1s --json
            """)

    @OptionGroup var store: StoreArgument
    @Argument(
        help: "NAME, NAME[3] or NAME.field, of a number; or what has a number of entries.", completion: Completions.name
    ) var names: [String]
    @Option(help: "The time between two samples: 100ms, 1s.") var interval = TimeSpan(argument: "500ms")!
    @Option(help: "So many samples.") var count = 20
    @Flag(help: "One JSON object a line.") var json = false

    func validate() throws {
        if count < 1 { throw ValidationError("--count takes a number from 1 on, not \(count)") }
        if interval.duration == .zero { throw ValidationError("--interval takes a time, such as 100ms") }
        if names.isEmpty { throw ValidationError("Say what to look at") }
    }

    func run() throws {
        TerminatingSignals.block()
        let output = Output()
        var histories = names.map { SampleHistory($0) }
        do {
            try sample(&histories, output)
        } catch let ended as EndedBySignal {
            // That is how it is ended by hand.
            if ended.signal != SIGINT { throw ended }
        }
        if json {
            for history in histories { try output.line(history.json(interval: interval.duration)) }
        } else if !Output.isTerminal {
            try Self.write(histories, to: output)
        }
        try output.flush()
    }

    private func sample(_ histories: inout [SampleHistory], _ output: Output) throws {
        var store = try store.look()
        defer { store.close() }
        let clock = ContinuousClock()
        var next = clock.now
        for number in 1...count {
            for index in histories.indices { try histories[index].sample(store) }
            if !json, Output.isTerminal {
                // Over the lines of the sample before.
                if number > 1 { try output.write("\u{1B}[\(histories.count + 1)A\u{1B}[J") }
                try Self.write(histories, to: output)
                try output.flush()
            }
            if number == count { return }
            if histories.contains(where: { !$0.isInMemory }) {
                let again = try self.store.look()
                store.close()
                store = again
            }
            next += interval.duration
            try TerminatingSignals.sleep(max(next - clock.now, .zero))
        }
    }

    private static func write(_ histories: [SampleHistory], to output: Output) throws {
        var columns = Columns(["NAME", "HISTORY", "MIN", "MAX", "LAST"])
        for history in histories { columns.add(history.columns) }
        try columns.write(to: output)
    }
}

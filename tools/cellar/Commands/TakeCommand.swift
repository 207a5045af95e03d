import ArgumentParser
import Cellar

struct TakeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "take", abstract: "Takes elements from a queue and prints them, one a line.",
        discussion: """
            Waits while the queue is empty, for as long as it takes or, for each element, for --timeout. An element is gone \
            once it is written to standard output; if the command is ended before, it goes back to its place. At the end of a \
            queue that was closed, fewer than --count elements are no error, if there was one.

            --peek prints what would be delivered next, and changes nothing.

              cellar take robot.cellar jobs
              cellar take robot.cellar jobs --count 10 --timeout 0s
              cellar take robot.cellar jobs --peek --count 5 --json
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The queue's name.") var queue: String
    @Option(help: "So many elements (1); of --peek, at most (all).") var count: Int?
    @Option(help: "How long to wait for an element: 5s, 250ms; 0s for not at all.") var timeout: TimeSpan?
    @Flag(help: "Only shows what is ready to be delivered.") var peek = false
    @Flag(help: "JSON, one element a line.") var json = false
    @Flag(help: "Ends when it is on disk that the elements are taken.") var sync = false

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count takes a number from 1 on, not \(count)") }
        if peek, timeout != nil || sync { throw ValidationError("--peek does not wait, and changes nothing") }
    }

    func run() throws {
        let output = Output()
        let store = try peek ? store.look() : store.change()
        defer { store.close() }
        let queue = try store.untypedQueue(queue)
        if peek {
            for item in try queue.items().filter({ $0.info.state == .ready }).prefix(count ?? .max) {
                try output.line(line(item.value))
            }
            return try output.flush()
        }
        for number in 0..<(count ?? 1) {
            guard let lease = try queue.lease(timeout: timeout?.duration) else {
                if number > 0 { break }
                throw ToolError(.noInput, "the queue '\(queue.info.name)' is closed, and nothing is left in it")
            }
            try write(lease, to: output)
        }
        if sync { try queue.sync() }
    }

    /// Who does not get it into the world gives it back.
    private func write(_ lease: QueueLease<TableContent>, to output: Output) throws {
        do {
            try output.line(line(lease.element))
            try output.flush()
        } catch {
            try? lease.reject()
            throw error
        }
        try lease.acknowledge()
    }

    private func line(_ value: TableContent) -> String { json ? value.json : value.description }
}

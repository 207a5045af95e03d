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

            With a command after --, each element is leased, and given to the command as its standard input, on one line. If \
            the command succeeds the element is acknowledged; if not, it goes back to its place (or is set aside, if that \
            was its last delivery), and take ends as the command did; with --retry-delay it goes back for later, and take \
            goes on. CELLAR_SEQUENCE and CELLAR_DELIVERIES tell the command the element's number, and how often it was \
            delivered. Signals are passed on to the command. If take is killed, the element goes back at once.

              cellar take robot.cellar jobs
              cellar take robot.cellar jobs --count 10 --timeout 0s
              cellar take robot.cellar jobs --peek --count 5 --json
              cellar take robot.cellar jobs --all -- ./process-one
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The queue's name.", completion: Completions.name) var queue: String
    @Option(help: "So many elements (1); of --peek, at most (all).") var count: Int?
    @Option(help: "How long to wait for an element: 5s, 250ms; 0s for not at all.") var timeout: TimeSpan?
    @Flag(help: "All elements that are ready now, and no more; none is no error.") var all = false
    @Option(help: "With a command: an element that it fails with is not delivered again before: 5s.")
    var retryDelay: TimeSpan?
    @Flag(help: "Only shows what is ready to be delivered.") var peek = false
    @Flag(help: "JSON, one element a line.") var json = false
    @Flag(help: "Ends when it is on disk that the elements are taken.") var sync = false
    @OptionGroup var command: CommandArgument

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count takes a number from 1 on, not \(count)") }
        if peek, timeout != nil || sync || all || !command.words.isEmpty {
            throw ValidationError("--peek shows all, does not wait, and changes nothing")
        }
        if all, count != nil || timeout != nil { throw ValidationError("--all takes what there is, and does not wait") }
        if retryDelay != nil, command.words.isEmpty { throw ValidationError("--retry-delay is for a command after --") }
    }

    func run() throws {
        let output = Output()
        if !command.words.isEmpty { ChildProcess.holdSignals() }
        let store = try peek ? store.look() : store.change()
        defer { store.close() }
        let queue = try store.untypedQueue(queue)
        if peek {
            for item in try queue.items().filter({ $0.info.state == .ready }).prefix(count ?? .max) {
                try output.line(line(item.value))
            }
            return try output.flush()
        }
        if !command.words.isEmpty { ChildProcess.releaseSignals() }
        for number in 0..<(all ? try queue.depth().ready : count ?? 1) {
            guard let lease = try next(of: queue) else {
                if number > 0 || all { break }
                throw ToolError(.noInput, "the queue '\(queue.info.name)' is closed, and nothing is left in it")
            }
            if command.words.isEmpty { try write(lease, to: output) } else { try run(on: lease, of: queue) }
        }
        if sync { try queue.sync() }
    }

    /// Nil at the end of a closed queue; with --all also where others took the rest.
    private func next(of queue: UntypedQueue) throws -> QueueLease<TableContent>? {
        do throws(StoreError) {
            return try queue.lease(timeout: all ? .zero : timeout?.duration)
        } catch {
            if all, error.code == .timedOut { return nil }
            throw error
        }
    }

    /// Who does not deal with it gives it back.
    private func run(on lease: QueueLease<TableContent>, of queue: UntypedQueue) throws {
        let ending: ChildProcess.Ending
        do {
            ending = try LeasedItem(lease, in: queue).run(command.words, text: line(lease.element) + "\n")
        } catch {
            try? lease.reject()
            throw error
        }
        if ending.isSuccess { return try lease.acknowledge() }
        try lease.reject(delay: retryDelay?.duration ?? .zero)
        if case .status = ending, retryDelay != nil { return }
        throw ExitCode(ending.status)
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

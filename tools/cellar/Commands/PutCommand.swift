import ArgumentParser
import Cellar

struct PutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Puts elements in a queue.",
        discussion: """
            One after another, each behind all others of its priority; higher priorities are delivered first. All are checked \
            before the first is put. Waits while the queue is full, for as long as it takes or for --timeout.

            With --lines, each line of standard input is an element; those of lines before one that is none are put.

              cellar put robot.cellar jobs '{"task": "sweep"}'
              jq -c '.[]' jobs.json | cellar put robot.cellar jobs --lines
              cellar put robot.cellar lines one two three --priority 2 --delay 5s --sync
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The queue's name.", completion: Completions.name) var queue: String
    @Argument(help: "Elements. After -- if one begins with a dash.") var values: [String] = []
    @Flag(help: "Takes elements from standard input, one a line.") var lines = false
    @Option(help: "From 0 to the number of the queue's priorities, less 1.") var priority = 0
    @Option(help: "Not delivered before: 5s, 250ms, 2m, 1h.") var delay: TimeSpan?
    @Option(help: "How long to wait for room: 0s for not at all.") var timeout: TimeSpan?
    @Flag(help: "Ends when the elements are on disk.") var sync = false

    func validate() throws {
        if lines != values.isEmpty {
            throw ValidationError("Give elements, or --lines to take them from standard input")
        }
    }

    func run() throws {
        let store = try store.change()
        defer { store.close() }
        let queue = try store.untypedQueue(queue)
        if lines { try putLines(in: queue) } else { try put(values, in: queue) }
        if sync { try queue.sync() }
    }

    private func put(_ values: [String], in queue: UntypedQueue) throws {
        let count = try queue.put(values, priority: priority, delay: delay?.duration, timeout: timeout?.duration)
        guard count < values.count else { return }
        throw ToolError(
            .inputOutput,
            "the queue '\(queue.info.name)' stayed full (\(Printable.counted(queue.capacity, "item"))): \(count) of "
                + "\(Printable.counted(values.count, "element")) were put; is anybody taking?")
    }

    private func putLines(in queue: UntypedQueue) throws {
        var lines = try LineReader(InputStream("-"))
        while let line = try lines.next() {
            guard let text = String(validating: line, as: UTF8.self) else {
                throw ToolError(.badData, "line \(lines.number) is not UTF-8")
            }
            do { try put([text], in: queue) } catch { throw Load.located(error, lines.number) }
        }
    }
}

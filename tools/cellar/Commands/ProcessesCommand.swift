import ArgumentParser
import Cellar

struct ProcessesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps", abstract: "Lists the processes that have a store open, and what they hold.",
        discussion: """
            Those that only look are not among them. One that died stays in the list, as dead, until another process \
            has put away what it held: locks, leases of queues' items, ends of pipes. One of them is the checkpointer, which \
            writes to disk what others changed.

              cellar ps robot.cellar
              cellar ps robot.cellar --json
            """)

    @OptionGroup var store: StoreArgument
    @Flag(help: "One JSON object a line.") var json = false

    func run() throws {
        let store = try store.look()
        defer { store.close() }
        let unreadable = Unreadable()
        let holdings = try Holdings(store, unreadable)
        let attachments = store.attachments().sorted { $0.id < $1.id }
        let output = Output()
        if json {
            for attachment in attachments { try output.line(Self.json(attachment, holdings.of(attachment))) }
        } else if !attachments.isEmpty {
            var columns = Columns(["PID", "STATE", "SINCE", "NAME", "HOLDS"])
            for attachment in attachments {
                let held = holdings.of(attachment).texts
                columns.add([
                    "\(attachment.processID)", attachment.isAlive ? "alive" : "dead",
                    SystemCall.localTime(nanoseconds: attachment.startedAt), Printable.line(attachment.name),
                    held.isEmpty ? "-" : held.joined(separator: ", "),
                ])
            }
            try columns.write(to: output)
        }
        try output.flush()
        try unreadable.finish()
    }

    private static func json(_ attachment: AttachmentInfo, _ held: Holdings.Held) -> String {
        var line = JSONLine()
        line.add("pid", attachment.processID)
        line.add("name", attachment.name)
        line.add("since", SystemCall.universalTime(nanoseconds: attachment.startedAt))
        line.add("alive", attachment.isAlive)
        line.add("checkpointer", held.isCheckpointer)
        line.add("locks", json: list(held.locks.map(\.name)))
        line.add(
            "leases",
            json: "{" + held.leases.map { "\(CellContent.escape($0.queue)): \($0.count)" }.joined(separator: ", ") + "}"
        )
        line.add("pipe_ends", json: list(held.pipeEnds.map { "\($0.pipe).\($0.side)" }))
        return line.closed
    }

    private static func list(_ texts: [String]) -> String {
        "[" + texts.map { CellContent.escape($0) }.joined(separator: ", ") + "]"
    }
}

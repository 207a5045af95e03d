import ArgumentParser
import Cellar

struct ProcessesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps", abstract: "Lists the processes that have a store open.",
        discussion: """
            Those that only look are not among them. One that died stays in the list, as dead, until another process \
            has put away what it held.

              cellar ps robot.cellar
            """)

    @OptionGroup var store: StoreArgument
    @Flag(help: "One JSON object a line.") var json = false

    func run() throws {
        let store = try store.look()
        defer { store.close() }
        let attachments = store.attachments().sorted { $0.id < $1.id }
        let output = Output()
        if json {
            for attachment in attachments { try output.line(Self.json(attachment)) }
        } else if !attachments.isEmpty {
            var columns = Columns(["PID", "STATE", "SINCE", "NAME"])
            for attachment in attachments {
                columns.add([
                    "\(attachment.processID)", attachment.isAlive ? "alive" : "dead",
                    SystemCall.localTime(nanoseconds: attachment.startedAt), Printable.line(attachment.name),
                ])
            }
            try columns.write(to: output)
        }
        try output.flush()
    }

    private static func json(_ attachment: AttachmentInfo) -> String {
        var line = JSONLine()
        line.add("pid", attachment.processID)
        line.add("name", attachment.name)
        line.add("since", SystemCall.universalTime(nanoseconds: attachment.startedAt))
        line.add("alive", attachment.isAlive)
        return line.closed
    }
}

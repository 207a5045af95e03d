import ArgumentParser
import Cellar

struct LocksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "locks", abstract: "Lists locks and signals, who holds them and who waits for them.",
        discussion: """
            A line for each lock or signal, and one for each process that holds it or waits for it, the first to come first; \
            also the values and arrays whose own locks are held now. Who waits for a mutex is not known, nor for how long it \
            is held unless somebody waits for it. With --json, one object a line.

              cellar locks robot.cellar
            """)

    @OptionGroup var store: StoreArgument
    @Flag(help: "One JSON object a line.") var json = false

    func run() throws {
        let store = try store.look()
        defer { store.close() }
        let locks = try store.locks()
        let output = Output()
        if json {
            for lock in locks { try output.line(LockLines.json(lock)) }
        } else if !locks.isEmpty {
            var columns = Columns(["NAME", "KIND", "STATE", "PID", "FOR", "PROCESS"])
            for lock in locks { for row in LockLines.rows(lock) { columns.add(row) } }
            try columns.write(to: output)
        }
        try output.flush()
    }
}

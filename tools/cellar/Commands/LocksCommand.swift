import ArgumentParser
import Cellar

struct LocksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "locks", abstract: "Lists locks and signals, who holds them and who waits for them.",
        discussion: """
            A line for each lock or signal, and one for each process that holds it or waits for it, the first to come first; \
            also the values and arrays whose own locks are held now. Who waits for a mutex is not known, nor for how long it \
            is held unless somebody waits for it. With --json, one object a line.

            With --stacks, what the threads are at that hold or wait, the innermost call first: of a mutex and of a cell's own lock \
            the thread that holds it; other locks belong to a process, and all its threads are shown. eu-stack (Debian's elfutils) \
            reads the stacks, or else gdb: the process is stopped for some milliseconds meanwhile, by gdb for about a second. Where \
            that cannot be, a word says why. Without --stacks no process is disturbed.

              cellar locks robot.cellar
              cellar locks robot.cellar --stacks
            """)

    @OptionGroup var store: StoreArgument
    @Flag(help: "The stacks of threads that hold or wait; stops their processes for some milliseconds.") var stacks =
        false
    @Flag(help: "One JSON object a line.") var json = false

    func run() throws {
        let store = try store.look()
        defer { store.close() }
        let locks = try store.locks()
        let reader = stacks ? StackReader(segment: try store.statistics().segment?.name ?? "") : nil
        let output = Output()
        if json {
            for lock in locks { try output.line(LockLines.json(lock, reader)) }
        } else if !locks.isEmpty {
            var columns = Columns(["NAME", "KIND", "STATE", "PID", "FOR", "PROCESS"])
            for lock in locks { for row in LockLines.rows(lock, reader) { columns.add(row) } }
            try columns.write(to: output)
        }
        try output.flush()
    }
}

import ArgumentParser
import Cellar

struct CollectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Finds what nobody uses any more: memory of stores that are gone, leftovers of the dead.",
        discussion: """
            Looks through /dev/shm for memory of stores that are no longer where they were, or of an earlier start of the \
            machine, and for processes that died with a store open; and through the directories that are named for what \
            killed processes left in them and in the stores in them. Only lists what it finds, unless --remove is given.

            Memory is only removed when the kernel says that no process, in any container, has it open. That of a store that \
            is there stays, even if nobody uses it: whoever opens the store goes on with it. Of a store that is gone, \
            memory with changes that never came to disk stays unless --unsaved is given, too: if the store was only moved \
            far away, they are in nothing else.

              cellar gc
              cellar gc /backups . --remove
            """)

    @Argument(help: "Directories to look for leftovers in.", completion: .directory) var directories: [String] = []
    @Flag(help: "Remove what is listed.") var remove = false
    @Flag(help: "Memory with changes that no disk has, too.") var unsaved = false
    @Flag(help: "List all memory of stores, and say why it stays.") var all = false
    @Flag(help: "One JSON object a line.") var json = false

    func run() throws {
        var finds = try Store.segments().flatMap { Find.all(of: $0, takesUnsaved: unsaved) }
        for directory in directories { finds += try Store.leftovers(in: directory).map(Find.init(leftover:)) }
        if !all { finds.removeAll { $0.isOrdinary } }
        if remove { for index in finds.indices { finds[index].remove() } }
        let output = Output()
        if json {
            for find in finds { try output.line(find.json) }
        } else {
            try Self.show(finds, removes: remove, on: output)
        }
        try output.flush()
    }

    private static func show(_ finds: [Find], removes: Bool, on output: Output) throws {
        if finds.isEmpty { return try output.line("nothing to clear up") }
        var columns = Columns(["", "WHAT", "SIZE", "NAME", "WHY"])
        for find in finds { columns.add(find.row) }
        try columns.write(to: output)
        let waiting = finds.filter { $0.outcome == .removable }
        if !waiting.isEmpty {
            let size = waiting.reduce(0) { $0 + $1.byteCount }
            try output.line(
                "\(Printable.counted(waiting.count, "thing")), \(HumanUnits.bytes(size)): '--remove' removes them")
        }
    }
}

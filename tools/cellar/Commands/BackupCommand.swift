import ArgumentParser
import Cellar
import Glibc

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Makes a store of its own of what a store has, while others write to it.",
        discussion: """
            The backup has everything that was stored before it was asked for, as of one moment: each transaction wholly or not \
            at all. What is volatile is not in it. It is a store like another, with an identity of its own: \
            'cellar ls' looks into it, a program opens it. To go back to it, copy its directory to where the store was.

            Nothing is overwritten. It is made as DESTINATION.partial and gets its name when all of it is on disk; what a \
            killed 'backup' left is taken over by the next one to the same place, and 'cellar gc' finds it.

            Without permission to write the store, it has what the last checkpoint wrote.

              cellar backup robot.cellar /backups/robot-monday.cellar
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The directory to make; it must not be there yet.") var destination: String
    @Flag(help: "What the last checkpoint wrote is enough: write nothing to the store.") var noSync = false
    @Flag(help: "No progress bar.") var quiet = false
    @Flag(help: "One JSON object on one line.") var json = false

    func run() throws {
        let (store, isSaved) = try open()
        defer { store.close() }
        let count = try LongWork.run("backup", isQuiet: quiet || json) { (report: LongWork.Report) throws(StoreError) in
            try store.backup(to: destination, savesFirst: isSaved, report: report)
        }
        let output = Output()
        if json {
            var line = JSONLine()
            line.add("path", destination)
            line.add("bytes", count)
            line.add("saved_first", isSaved)
            try output.line(line.closed)
        } else {
            let moment = isSaved ? "with everything up to now" : "as of the last checkpoint"
            try output.line("\(Printable.line(destination)): \(HumanUnits.bytes(count)), \(moment)")
        }
        try output.flush()
    }

    /// The store to write a checkpoint of, or to look at only where it cannot be written.
    private func open() throws -> (Store, isSaved: Bool) {
        if noSync { return (try store.look(), false) }
        do { return (try store.change(), true) } catch let error as StoreError {
            guard error.code == .permissionDenied || error.errno == EROFS else { throw error }
            return (try store.look(), false)
        }
    }
}

import ArgumentParser
import Cellar

struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Restores what 'cellar dump --format json' printed.",
        discussion: """
            Makes what the dump has, in a store that is there or a new one, with all that it held; ends when it is on disk. What \
            has the name already is refused, unless --replace is given: then it is removed, and made anew. Where a line cannot be \
            taken, the error says which; what the lines before it made stays.

            A dump of the store is then the same text, but for what belongs to a process or to a moment: leased items are ready \
            again, locks are free, pipes are empty. Entries of a dictionary expire when they would have; those that have by now \
            are left out. Not restored: how many items of a queue were taken and not marked done, which is known of processes \
            that live; how often a block was written.

              cellar dump robot.cellar --format json | cellar load copy.cellar
              cellar load robot.cellar robot.ndjson --replace
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The dump; - for standard input.") var file = "-"
    @Flag(help: "Removes what has a name of the dump already, and makes it anew.") var replace = false

    func run() throws {
        let input = try InputStream(file)
        let store = try store.create()
        defer { store.close() }
        let load = Load(into: store, replaces: replace)
        var lines = LineReader(input)
        var bar = ProgressBar(total: input.byteCount, label: "load")
        defer { bar.finish() }
        while let line = try lines.next() {
            bar.advance(by: line.count + 1)
            // An empty line at the end of a file that a person edited.
            if line.allSatisfy({ $0 <= 0x20 }) { continue }
            try load.take(line, number: lines.number)
        }
        try load.finish()
        try store.sync()
    }
}

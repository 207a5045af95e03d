import ArgumentParser
import Cellar

struct DumpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump", abstract: "Prints cells, queues and tables with what they hold.",
        discussion: """
            All of them, or those whose names match a pattern as of a shell, in which * stands for / too. What is damaged is left \
            out, and said on standard error; the status is then 65.

            As text, long arrays, long tables and long text are shortened unless --all is given. As JSON, one object a line with \
            name, kind (value or array), type, persistent and value, and arrays whole, as lists; then each entry of each table with \
            name, kind (table, multimap or dictionary), key and value, and expires_at (milliseconds since 1970) if it expires; each item of a queue with name, kind, state, sequence, priority, \
            deliveries, put_at, due (milliseconds since 1970) and value.

            As CSV (RFC 4180), one value or array: a line with the fields' paths ('value' where there are none), and a line for \
            each element. With --directory, several: each goes to a file NAME.csv there, in which '/' and other characters that \
            are no letters, digits, '-', '_' or '.' stand as %2F, their bytes in hexadecimal. What is neither a value nor an array \
            is left out then, and said on standard error.

            With --mdb, all that is on disk as LMDB keeps it, in the text that mdb_load takes; it is put together \
            in memory first.

              cellar dump robot.cellar
              cellar dump robot.cellar 'robot/*' --all
              cellar dump robot.cellar --format json | jq -r .name
              cellar dump robot.cellar poses --format csv > poses.csv
              cellar dump robot.cellar 'robot/*' --format csv --directory csv
              cellar dump robot.cellar --mdb | mdb_load copy
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, csv
    }

    @OptionGroup var store: StoreArgument
    @Argument(help: "Names, or patterns such as 'robot/*'.", completion: Completions.name) var patterns: [String] = []
    @Option(help: "text, json or csv.") var format: Format?
    @Flag(help: "Text: shows long arrays, tables and text whole.") var all = false
    @Option(name: [.long, .customShort("o")], help: "CSV: makes a file for each value and array in this directory.")
    var directory: String?
    @Flag(help: "What is on disk, in LMDB's own format.") var mdb = false

    func validate() throws {
        if directory != nil, format != .csv { throw ValidationError("--directory is for --format csv") }
        if mdb, format != nil || !patterns.isEmpty || all {
            throw ValidationError("--mdb is a format of its own, of all that is on disk")
        }
    }

    func run() throws {
        let store = try store.look()
        defer { store.close() }
        let output = Output()
        let unreadable = Unreadable()
        if mdb {
            try LMDBDump(records: store.diskRecords()).write(to: output)
        } else {
            try write(StoreContents(of: store, matching: patterns, unreadable), of: store, to: output, unreadable)
        }
        try output.flush()
        try unreadable.finish()
    }

    private func write(
        _ contents: StoreContents, of store: Store, to output: Output, _ unreadable: Unreadable
    ) throws {
        if format == .csv {
            let dump = CSVDump(contents: contents, store: store)
            return try directory.map { try dump.write(to: $0, unreadable) } ?? dump.write(to: output)
        }
        let dump = Dump(
            store: store, contents: contents, unreadable: unreadable, isWhole: all || format == .json)
        try format == .json ? dump.writeJSON(to: output) : dump.writeText(to: output)
    }
}

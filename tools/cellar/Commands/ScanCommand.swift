import ArgumentParser
import Cellar

struct ScanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan", abstract: "Prints the entries of a table or dictionary, in the order of their keys.",
        discussion: """
            As text, key and value with a tab between; as JSON, one object a line with name, kind, key and value. Keys are \
            given as people write them: numbers and text as they stand, composite keys as JSON lists, bytes in hexadecimal. \
            A prefix is the beginning of a text, or the first parts of a composite key. A dictionary is read whole and then \
            sorted; where its keys are structs or the like, which have no order, its entries come as they lie.

              cellar scan robot.cellar words --prefix un --limit 10
              cellar scan robot.cellar readings --from '["door", 5]' --reverse --format json
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @OptionGroup var store: StoreArgument
    @Argument(help: "The table's or the dictionary's name.", completion: Completions.name) var name: String
    @Option(parsing: .unconditional, help: "The first key.") var from: String?
    @Option(parsing: .unconditional, help: "The first key that is no longer shown.") var to: String?
    @Option(parsing: .unconditional, help: "Only keys that begin so.") var prefix: String?
    @Option(help: "So many entries at most.") var limit: Int?
    @Flag(help: "Backwards.") var reverse = false
    @Option(help: "text or json.") var format = Format.text

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("There are no \(limit) entries") }
    }

    func run() throws {
        let store = try store.look()
        defer { store.close() }
        let output = Output()
        var left = limit ?? .max
        let range = UntypedTable.Range(from: from, upTo: to, prefix: prefix, isReversed: reverse)
        // A name that nothing has, or a cell's, is an error of the library's.
        let source = try EntrySource(name, in: store) ?? .table(store.untypedTable(name))
        try source.forEach(in: range) { entry in
            guard left > 0 else { return false }
            left -= 1
            try output.line(
                format == .json
                    ? EntryLines.json(entry, name: source.name, kind: source.kind) : EntryLines.text(entry))
            return left > 0
        }
        try output.flush()
    }
}

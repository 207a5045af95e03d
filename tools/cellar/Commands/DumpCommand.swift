import ArgumentParser
import Cellar

struct DumpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump", abstract: "Prints all cells, queues and tables with what they hold.",
        discussion: """
            As text, long arrays, long tables and long text are shortened unless --all is given. As JSON, one object a line with \
            name, kind (value or array), type, persistent and value, and arrays whole, as lists; then each entry of each table with \
            name, kind (table or multimap), key and value; each item of a queue with name, kind, state, sequence, priority, \
            deliveries, put_at, due (milliseconds since 1970) and value.

              cellar dump robot.cellar
              cellar dump robot.cellar --format json | jq -r .name
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @OptionGroup var store: StoreArgument
    @Option(help: "text or json.") var format = Format.text
    @Flag(help: "Text: shows long arrays, tables and text whole.") var all = false

    func run() throws {
        let store = try store.look()
        defer { store.close() }
        let output = Output()
        switch format {
        case .text: try Dump(store: store, isWhole: all).writeText(to: output)
        case .json: try Dump(store: store, isWhole: true).writeJSON(to: output)
        }
        try output.flush()
    }
}

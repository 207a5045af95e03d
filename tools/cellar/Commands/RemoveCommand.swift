import ArgumentParser
import Cellar

struct RemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Removes cells and tables, or keys of a dictionary or table, from a store.",
        discussion: """
            Programs that use a cell go on with memory that nobody else looks at; those that use a table are told that it is gone. \
            A cell comes before a table of the same name, unless --table is given.

            What follows the name of a dictionary or table are keys, to be removed with all their values; what follows another \
            name, or any with --names, are more names. Where one is not there, nothing is removed.

              cellar rm robot.cellar sound
              cellar rm robot.cellar words hello goodbye
              cellar rm robot.cellar words sound pose --names
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The cell's or the table's name.", completion: Completions.name) var name: String
    @Argument(
        help: "Of a dictionary or table: keys to remove; else more names. After -- if one begins with a dash.",
        completion: Completions.name)
    var others: [String] = []
    @Flag(help: "All are names, and none a key.") var names = false
    @Flag(help: "The names are tables'.") var table = false

    func run() throws {
        let store = try store.change()
        defer { store.close() }
        if !others.isEmpty, !names, let source = try source(in: store) { return try remove(others, from: source) }
        let all = [name] + others
        for name in all { try requireName(name, in: store) }
        for name in all {
            if try table || store.isTable(name) { try store.removeTable(name) } else { try store.remove(name) }
        }
    }

    /// What has keys of the name.
    private func source(in store: Store) throws -> EntrySource? {
        table ? .table(try store.untypedTable(name)) : try EntrySource(name, in: store)
    }

    private func remove(_ keys: [String], from source: EntrySource) throws {
        for key in keys where try source.values(for: key).isEmpty {
            throw ToolError(.noInput, "the \(source.kind) '\(name)' has no key '\(key)'")
        }
        for key in keys { try source.remove(key) }
    }

    private func requireName(_ name: String, in store: Store) throws {
        if try !table && store.contains(name) || store.tables().contains(where: { $0.name == name }) { return }
        throw StoreError(
            .noSuchCell,
            "there is no \(table ? "table" : "cell") '\(name)' in the store '\(store.path)': 'cellar ls' lists what there is"
        )
    }
}

import ArgumentParser
import Cellar

struct RemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Removes a cell, a table, or a key of a dictionary or table from a store.",
        discussion: """
            Programs that use the cell go on with memory that nobody else looks at; those that use the table are told that \
            it is gone. A cell comes before a table of the same name, unless --table is given.

              cellar rm robot.cellar sound
              cellar rm robot.cellar words hello
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The cell's or the table's name.") var name: String
    @Argument(
        help: "Of a dictionary or table: the key to remove, with all its values. After -- if it begins with a dash.")
    var key: String?
    @Flag(help: "The name is a table's.") var table = false

    func run() throws {
        let store = try store.change()
        defer { store.close() }
        if let key, !table, let dictionary = try store.dictionaryIfAny(name) {
            guard try dictionary.remove(key) else {
                throw ToolError(.noInput, "the dictionary '\(name)' has no key '\(key)'")
            }
        } else if let key {
            guard try store.untypedTable(name).remove(key) > 0 else {
                throw ToolError(.noInput, "the table '\(name)' has no key '\(key)'")
            }
        } else if try table || store.isTable(name) {
            guard try store.removeTable(name) else { throw ToolError(.noInput, "there is no table '\(name)'") }
        } else {
            try store.remove(name)
        }
    }
}

import ArgumentParser
import Cellar

struct RenameCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mv", abstract: "Renames a cell or a table.",
        discussion: """
            Programs that use it go on using it. A cell comes before a table of the same name, unless --table is given.

              cellar mv robot.cellar sound noise
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The cell's or the table's name.", completion: Completions.name) var name: String
    @Argument(help: "Its new name.") var newName: String
    @Flag(help: "The name is a table's.") var table = false

    func run() throws {
        let store = try store.change()
        defer { store.close() }
        if try table || store.isTable(name) {
            try store.renameTable(name, to: newName)
        } else {
            try store.rename(name, to: newName)
        }
    }
}

import ArgumentParser
import Cellar

struct RenameCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mv", abstract: "Renames a cell.",
        discussion: """
            Programs that use the cell go on using it.

              cellar mv robot.cellar sound noise
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The cell's name.") var name: String
    @Argument(help: "Its new name.") var newName: String

    func run() throws {
        let store = try store.change()
        defer { store.close() }
        try store.rename(name, to: newName)
    }
}

import ArgumentParser
import Cellar

struct RemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Removes a cell from a store.",
        discussion: """
            Programs that use the cell go on with memory that nobody else looks at.

              cellar rm robot.cellar sound
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The cell's name.") var name: String

    func run() throws {
        let store = try store.change()
        defer { store.close() }
        try store.remove(name)
    }
}

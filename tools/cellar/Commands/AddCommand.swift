import ArgumentParser
import Cellar

struct AddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds to a number, in one step, and prints what it is then.",
        discussion: """
            Nothing that other programs add meanwhile is lost. A sum that the type cannot hold is an error, and changes \
            nothing.

              cellar add robot.cellar laps 1
              cellar add robot.cellar 'sound[7]' -0.25 --sync
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "NAME or NAME[3].") var cell: String
    @Argument(help: "The number to add; may be negative.") var number: String
    @Flag(help: "Ends when the change is on disk.") var sync = false

    func run() throws {
        let store = try store.change()
        defer { store.close() }
        let path = try CellPath(cell, in: store)
        let cell = try store.cell(path.name)
        let index = try path.index(in: cell.info)
        let addition = try Addition(number, to: cell.info)
        var sum = CellContent.integer(0)
        try cell.modify(at: index) { bytes in
            sum = try addition.sum(cell.info.schema.content(of: bytes))
            bytes = try cell.info.schema.bytes(of: sum)
        }
        if sync { try store.sync() }
        let output = Output()
        try output.line(sum.description)
        try output.flush()
    }
}

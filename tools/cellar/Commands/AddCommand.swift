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
              cellar add robot.cellar pose.x 0.5
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "NAME or NAME[3], and .field behind.", completion: Completions.name) var cell: String
    @Argument(help: "The number to add; may be negative.") var number: String
    @Flag(help: "Ends when the change is on disk.") var sync = false

    func run() throws {
        let store = try store.change()
        defer { store.close() }
        let path = try CellPath(cell, in: store)
        let cell = try store.cell(path.name)
        let part = try ChangedPart(path, in: cell.info)
        let index = try path.element.index(in: cell.info)
        let addition = try Addition(number, to: path.name + path.text, of: part.schema)
        var sum = CellContent.integer(0)
        try cell.modify(at: index) { bytes in
            let old = try cell.info.schema.content(of: bytes)
            sum = try addition.sum(part.part(of: old))
            bytes = try cell.info.schema.bytes(of: part.change(old, to: sum), over: bytes)
        }
        if sync { try store.sync() }
        let output = Output()
        try output.line(sum.description)
        try output.flush()
    }
}

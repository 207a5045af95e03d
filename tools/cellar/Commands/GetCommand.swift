import ArgumentParser
import Cellar

struct GetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Prints what a cell holds.",
        discussion: """
            A value alone on its line; of an array, or some of its elements, one element a line. Text stands as it is, \
            but for escape codes and the like. With --json everything is on one line, elements as a list.

              cellar get robot.cellar speed
              cellar get robot.cellar 'sound[0..<10]' --json
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "NAME, NAME[3], NAME[0..<10] or NAME[0...9].") var cell: String
    @Flag(help: "JSON on one line.") var json = false

    func run() throws {
        let store = try store.look()
        defer { store.close() }
        let path = try CellPath(cell, in: store)
        let cell = try store.cell(path.name)
        let range = try path.range(in: cell.info)
        let output = Output()
        if path.isSingle(in: cell.info) {
            let content = try cell.content(at: range.lowerBound)
            try output.line(json ? content.json : content.description)
        } else if json {
            try cell.writeList(range, to: output) { $0.json }
            try output.line("")
        } else {
            try cell.forEachContent(in: range) { try output.line($0.description) }
        }
        try output.flush()
    }
}

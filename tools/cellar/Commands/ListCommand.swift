import ArgumentParser
import Cellar

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "Lists the cells of a store.",
        discussion: """
            By name, in the order of their UTF-8 bytes. With --json, one object a line.

              cellar ls robot.cellar
            """)

    @OptionGroup var store: StoreArgument
    @Flag(help: "One JSON object a line.") var json = false

    func run() throws {
        let store = try store.look()
        defer { store.close() }
        let cells = try store.cells()
        let output = Output()
        if json {
            for cell in cells { try output.line(CellLines.json(cell).closed) }
        } else if !cells.isEmpty {
            var columns = Columns(["NAME", "KIND", "COUNT", "KEPT", "TYPE"])
            for cell in cells { columns.add(CellLines.row(cell)) }
            try columns.write(to: output)
        }
        try output.flush()
    }
}

/// What a cell is, on one line.
enum CellLines {
    /// The members that every command gives of a cell.
    static func json(_ cell: CellInfo) -> JSONLine {
        var line = JSONLine()
        line.add("name", cell.name)
        line.add("kind", cell.kind.rawValue)
        line.add("type", cell.schema.description)
        if cell.kind == .array { line.add("count", cell.count) }
        line.add("persistent", cell.persistence == .persistent)
        return line
    }

    static func row(_ cell: CellInfo) -> [String] {
        [
            Printable.line(cell.name), cell.kind.rawValue, cell.kind == .array ? "\(cell.count)" : "-",
            cell.persistence.rawValue, Printable.line(cell.schema.description),
        ]
    }
}

import ArgumentParser
import Cellar

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "Lists the cells and tables of a store.",
        discussion: """
            Cells, then tables, each by name in the order of their UTF-8 bytes. Of a queue the count is of what is to be \
            delivered or acknowledged. With --json, one object a line.

              cellar ls robot.cellar
            """)

    @OptionGroup var store: StoreArgument
    @Flag(help: "One JSON object a line.") var json = false

    func run() throws {
        let store = try store.look()
        defer { store.close() }
        let cells = try store.cells()
        let tables = try store.untypedTables()
        let output = Output()
        if json {
            for cell in cells { try output.line(Self.json(cell, in: store)) }
            for table in tables { try output.line(Self.json(table)) }
        } else if !cells.isEmpty || !tables.isEmpty {
            var columns = Columns(["NAME", "KIND", "COUNT", "KEPT", "TYPE"])
            for cell in cells {
                columns.add(try Self.row(cell, in: store))
            }
            for table in tables { columns.add(TableLines.row(table.info, count: try table.count())) }
            try columns.write(to: output)
        }
        try output.flush()
    }

    private static func row(_ cell: CellInfo, in store: Store) throws -> [String] {
        var row = CellLines.row(cell)
        if cell.kind == .dictionary { row[2] = "\(try store.untypedDictionary(cell.name).count())" }
        if cell.kind == .queue, let queue = try store.queueIfAny(cell.name) {
            row[2] = "\(try queue.depth().unfinished)"
        }
        if cell.isInMemory, let more = try StructureLines.row(cell, in: store) { (row[2], row[4]) = more }
        return row
    }

    private static func json(_ cell: CellInfo, in store: Store) throws -> String {
        var line = CellLines.json(cell)
        if cell.kind == .queue, let queue = try store.queueIfAny(cell.name) {
            line.add("count", try queue.depth().unfinished)
            line.add("capacity", queue.capacity)
        }
        return line.closed
    }

    private static func json(_ table: UntypedTable) throws -> String {
        var line = TableLines.json(table.info)
        line.add("count", try table.count())
        return line.closed
    }
}

/// What a cell is, on one line.
enum CellLines {
    /// The members that every command gives of a cell.
    static func json(_ cell: CellInfo) -> JSONLine {
        var line = JSONLine()
        line.add("name", cell.name)
        line.add("kind", cell.kind.rawValue)
        if let entries = cell.entries { line.add("key_type", entries.key.description) }
        line.add("type", cell.entries?.value.description ?? cell.elementType ?? cell.form ?? cell.schema.description)
        if cell.kind == .array { line.add("count", cell.count) }
        line.add("persistent", cell.persistence == .persistent)
        return line
    }

    static func row(_ cell: CellInfo) -> [String] {
        [
            Printable.line(cell.name), cell.kind.rawValue, cell.kind == .array ? "\(cell.count)" : "-",
            cell.persistence.rawValue,
            cell.entries == nil
                ? Printable.line(cell.elementType ?? cell.form ?? cell.schema.description)
                : DictionaryLines.types(cell),
        ]
    }
}

import Cellar
import Glibc

/// A value or an array as comma-separated values (RFC 4180): a line with the paths of the fields, then a line an element.
struct CSVDump {
    private let cell: UntypedCell

    /// Throws unless there is one cell that has rows.
    init(_ contents: StoreContents, in store: Store) throws {
        guard contents.cells.count == 1, contents.tables.isEmpty else {
            throw ToolError(.usage, "CSV holds one value or array, and there are several: say which, by name")
        }
        let info = contents.listing.info(contents.cells[0])
        guard info.kind == .value || info.kind == .array else {
            throw ToolError(.badData, "'\(info.name)' is a \(info.kind.rawValue): CSV holds a value or an array")
        }
        cell = try store.cell(info.name)
    }

    func write(to output: Output) throws {
        let fields = try ElementFields(cell.info.schema)
        try output.write(CSV.line(fields.names.map(Self.shown)))
        try cell.forEachContent(in: 0..<cell.info.count) { content in
            try output.write(CSV.line(fields.texts(content).map(Self.shown)))
        }
    }

    /// A terminal is not commanded by what it is shown.
    private static func shown(_ text: String) -> String { Output.isTerminal ? Printable.line(text) : text }
}

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
        try write(Self.paths(of: cell.info.schema, "").map { $0.isEmpty ? "value" : $0 }, to: output)
        try cell.forEachContent(in: 0..<cell.info.count) { content in
            var fields: [String] = []
            Self.add(content, to: &fields)
            try write(fields, to: output)
        }
    }

    private func write(_ fields: [String], to output: Output) throws {
        try output.write(fields.map(Self.field).joined(separator: ","))
        try output.write("\r\n")
    }

    /// In quotes where it has to be. A terminal is not commanded by what it is shown.
    private static func field(_ text: String) -> String {
        let text = Output.isTerminal ? Printable.line(text) : text
        guard text.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }

    /// The paths of what is in a value and has no parts of its own, in order: `position.x`, `points[0].y`.
    private static func paths(of schema: Schema, _ path: String) -> [String] {
        switch schema.shape {
        case .structure(let fields):
            fields.flatMap {
                paths(of: $0.schema, path.isEmpty || $0.name.hasPrefix(".") ? path + $0.name : "\(path).\($0.name)")
            }
        case .array(let element, let count): (0..<count).flatMap { paths(of: element, "\(path)[\($0)]") }
        case .simd(_, let lanes): (0..<lanes).map { "\(path)[\($0)]" }
        case .scalar, .string, .uuid, .enumeration: [path]
        }
    }

    private static func add(_ content: CellContent, to fields: inout [String]) {
        switch content {
        case .object(let members): for member in members { add(member.value, to: &fields) }
        case .list(let values): for value in values { add(value, to: &fields) }
        default: fields.append(content.description)
        }
    }
}

import Cellar
import Glibc

/// Values and arrays as comma-separated values (RFC 4180): a line with the paths of the fields, then a line an element.
struct CSVDump {
    let contents: StoreContents
    let store: Store

    private static let namedCells = 5

    private var cells: [CellInfo] {
        contents.cells.map(contents.listing.info).filter { $0.kind == .value || $0.kind == .array }
    }

    // MARK: One

    /// Throws unless there is one thing, and it has rows.
    func write(to output: Output) throws {
        guard contents.cells.count + contents.tables.count == 1 else { throw several }
        guard let info = cells.first else { throw nothing }
        let isShown = Output.isTerminal
        // A terminal is not commanded by what it is shown.
        try write(info) { fields in try output.write(CSV.line(isShown ? fields.map(Printable.line) : fields)) }
    }

    private var nothing: ToolError {
        let table = contents.tables.first.map { ($0.info.name, $0.info.kind.rawValue) }
        let cell = contents.cells.first.map(contents.listing.info).map { ($0.name, $0.kind.rawValue) }
        let (name, kind) = cell ?? table ?? ("", "store without cells")
        return ToolError(.badData, "'\(name)' is a \(kind): CSV holds a value or an array")
    }

    private var several: ToolError {
        let names = cells.map { "'\($0.name)'" }
        let rest = names.count - Self.namedCells
        let list = names.prefix(Self.namedCells).joined(separator: ", ")
        return ToolError(
            .usage,
            names.isEmpty
                ? "CSV holds one value or array, and there is none"
                : "CSV holds one value or array, and there are several things, of those "
                    + list + (rest > 0 ? " and \(Printable.grouped(rest)) more" : "")
                    + ": say which, by name, or have a file of each made with --directory DIR")
    }

    // MARK: Several

    /// A file for each, whole or not there.
    func write(to directory: String, _ unreadable: Unreadable) throws {
        let cells = cells
        guard !cells.isEmpty else { throw contents.cells.count + contents.tables.count == 1 ? nothing : several }
        guard unsafe mkdir(directory, 0o777) == 0 || errno == EEXIST else {
            throw ToolError(.cannotCreate, "cannot make the directory '\(directory)': \(SystemCall.reason(errno))")
        }
        for info in cells {
            try unreadable.attempt(info.name) {
                let file = try OutputFile("\(directory)/\(Self.fileName(info.name))")
                try write(info) { try file.write(CSV.line($0)) }
                try file.finish()
            }
        }
        let rest = contents.cells.count + contents.tables.count - cells.count
        if rest > 0 {
            Output.complain("\(Printable.counted(rest, "thing")) left out: CSV holds values and arrays")
        }
    }

    /// A name of one file in a directory, whatever the name is; different ones for different names.
    static func fileName(_ name: String) -> String {
        let text = name.utf8.enumerated().map { index, byte in
            let isPlain =
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                    true
                case UInt8(ascii: "."), UInt8(ascii: "-"): index > 0
                default: false
                }
            let digits = String(byte, radix: 16, uppercase: true)
            return isPlain ? String(decoding: [byte], as: UTF8.self) : "%" + (byte < 16 ? "0" : "") + digits
        }
        return text.joined() + ".csv"
    }

    private func write(_ info: CellInfo, _ line: ([String]) throws -> Void) throws {
        let cell = try store.cell(info.name)
        let fields = try ElementFields(cell.info.schema)
        try line(fields.names)
        try cell.forEachContent(in: 0..<cell.info.count) { try line(fields.texts($0)) }
    }
}

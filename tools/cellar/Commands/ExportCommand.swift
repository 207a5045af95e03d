import ArgumentParser
import Cellar

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes an array to a file: for NumPy, as CSV, or its bytes.",
        discussion: """
            The file's name says the format (.npy, .csv, .raw or .bin), or --format does. The file is there when it is whole. The \
            elements are read in pieces, each as of one moment; programs may change the array meanwhile.

            npy: NumPy's format, version 1.0; structs are structured types, with text<n> as a field 'count' and a field 'text'. \
            csv: a line with the fields' paths (or 'value'), then a line for each element. raw: the bytes as they lie in memory.

              cellar export robot.cellar sound sound.npy
              cellar export robot.cellar track - --format csv | head
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The array's name; a value is an array of one.", completion: Completions.name) var name: String
    @Argument(help: "The file; - for standard output.") var file: String
    @Option(help: "npy, csv or raw.") var format: ArrayFormat?

    func run() throws {
        let format = try ArrayFormat(format, for: file)
        let store = try store.look()
        defer { store.close() }
        let cell = try store.cell(name)
        guard cell.info.kind == .array || cell.info.kind == .value else {
            throw ToolError(.badData, "'\(name)' is a \(cell.info.kind.rawValue): only arrays and values are exported")
        }
        try ArrayExport(cell: cell, file: OutputFile(file)).write(as: format)
    }
}

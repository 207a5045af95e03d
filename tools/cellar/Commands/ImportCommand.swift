import ArgumentParser
import Cellar

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Fills an array from a file: of NumPy's, of CSV, or of bytes.",
        discussion: """
            The file's name says the format (.npy, .csv, .raw or .bin), or --format does; see 'cellar export'. The file has as many \
            elements as the array. They are replaced in pieces, each in one step; where one cannot be taken, those before it stay. \
            Ends when the array is on disk.

            npy: makes the array if there is none. The fields must have the array's names and types, in its order; gaps between \
            them may differ, and text of the kind S fits text.

            csv: the first line names the columns, in any order. Makes the array if there is none, of as many elements as there \
            are lines after the first; an array that could not be filled is removed again. Its type is --type, or derived: a \
            struct of a field for each column, in their order, with 'pose.x' a field of a field and 'v[0]', 'v[1]' … an inline \
            array; a single column 'value' makes numbers instead of structs. A column of whole numbers (digits, perhaps a minus \
            before them) is int64; of other numbers, or of both, double; of true and false, bool. Anything else, such as text or \
            an empty field, is an error that says the line: --type then says what the columns are.

            raw: makes the array if --type says of what.

              cellar import robot.cellar sound sound.npy
              cellar import robot.cellar track track.csv
              cellar import robot.cellar marks marks.csv --type '{x: float @0, tag: string<6> @4}'
              cellar import robot.cellar frame frame.raw --type uint8
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The array's name.", completion: Completions.name) var name: String
    @Argument(help: "The file; - for standard input.") var file: String
    @Option(help: "npy, csv or raw.") var format: ArrayFormat?
    @Option(help: "csv and raw: the type of the elements of an array that is made, as for 'cellar new'.") var type:
        String?
    @Flag(help: "Makes the array, if there is none, in memory only.") var volatile = false

    func run() throws {
        let format = try ArrayFormat(format, for: file)
        if type != nil, format == .npy {
            throw ValidationError("--type is for CSV and raw files: a file of NumPy's says its type itself")
        }
        let schema: Schema?
        do throws(StoreError) { schema = try type.map { (text) throws(StoreError) in try Schema(parsing: text) } } catch
        {
            throw ToolError(.usage, error.message)
        }
        let input = try InputStream(file)
        let store = try store.create()
        defer { store.close() }
        let work = ArrayImport(
            store: store, name: name, input: input, persistence: volatile ? .volatile : .persistent)
        switch format {
        case .npy: try work.npy()
        case .csv: try work.csv(schema)
        case .raw: try work.raw(schema)
        }
        try store.sync()
    }
}

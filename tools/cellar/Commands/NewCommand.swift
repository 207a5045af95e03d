import ArgumentParser
import Cellar

struct NewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Makes a cell, and the store if there is none.",
        discussion: """
            A type is int8 to int128, uint8 to uint128 (int and uint are 64 bits), float, double, bool, string<64> (of 64 \
            bytes), simd<float, 4>, array<int, 3>, or a struct with offsets: '{x: double @0, tag: string<6> @8}'. With \
            --count the cell is an array.

              cellar new robot.cellar pose --type '{x: double @0, y: double @8}' --value '{x: 1, y: 2}'
              cellar new robot.cellar sound --type float --count 48000 --volatile
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The cell's name.") var name: String
    @Option(help: "The type of the value, or of each element.") var type: String
    @Option(help: "Makes an array of so many elements.") var count: Int?
    @Option(parsing: .unconditional, help: "What it holds at first, every element of it; zero if not given.")
    var value: String?
    @Flag(help: "Keeps the cell in memory only: it is gone after the machine's next start.") var volatile = false

    func validate() throws {
        if let count, count < 1 { throw ValidationError("An array has at least one element, not \(count)") }
    }

    func run() throws {
        let schema: Schema
        do throws(StoreError) { schema = try Schema(parsing: type) } catch { throw ToolError(.usage, error.message) }
        let initial = try value.map { try schema.bytes(of: schema.content(parsing: $0, for: name)) }
        let store = try openStore()
        defer { store.close() }
        do {
            _ = try store.create(
                name, schema: schema, count: count, initial: initial, persistence: volatile ? .volatile : .persistent)
        } catch where error.code == .unsupportedType && initial == nil {
            throw ToolError(.badData, "zero is no value of the type '\(schema)': say with --value what '\(name)' holds at first")
        }
    }

    /// Whatever stands in the way of making the store is a thing that cannot be made.
    private func openStore() throws -> Store {
        do {
            return try store.create()
        } catch let error as StoreError where error.code == .noSuchStore || error.code == .notAStore {
            throw ToolError(.cannotCreate, error.message)
        }
    }
}

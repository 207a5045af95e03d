import ArgumentParser
import Cellar
import Glibc

struct NewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Makes a cell, a dictionary, a table or a queue, and the store if there is none.",
        discussion: """
            A type is int8 to int128, uint8 to uint128 (int and uint are 64 bits), float, double, bool, uuid, string<64> (of \
            64 bytes), simd<float, 4>, array<int, 3>, or a struct with offsets: '{x: double @0, tag: string<6> @8}'. With \
            --count the cell is an array.

            A table's keys (--key) are int8 to int64, uint8 to uint64, float, double, bool, string, bytes, uuid, date, or several \
            of them: '(string, int64)'. Its values are string, bytes, json, or a type as above; a multimap's are as keys.

            A dictionary's keys and values are string, bytes, or a type as for cells.

            A queue's elements are string, bytes, json, or a type as for cells. --capacity is the most items (1024), \
            --maximum-bytes the longest string, bytes or json (256). After --maximum-deliveries an item that was not acknowledged \
            is set aside.

              cellar new robot.cellar pose --type '{x: double @0, y: double @8}' --value '{x: 1, y: 2}'
              cellar new robot.cellar sound --type float --count 48000 --volatile
              cellar new robot.cellar seen --dictionary --key string --type int64
              cellar new robot.cellar words --table --key string --type int64
              cellar new robot.cellar jobs --queue --type json --capacity 100
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The cell's name.") var name: String
    @Option(help: "The type of the value, or of each element.") var type: String
    @Option(help: "Makes an array of so many elements.") var count: Int?
    @Option(parsing: .unconditional, help: "What it holds at first, every element of it; zero if not given.")
    var value: String?
    @Flag(help: "Keeps the cell in memory only: it is gone after the machine's next start.") var volatile = false

    @Flag(help: "Makes a table.") var table = false
    @Flag(help: "Makes a multimap: a table in which a key has any number of values.") var multimap = false
    @Flag(help: "Makes a dictionary: a hash table in memory.") var dictionary = false
    @Option(help: "The type of a table's or a dictionary's keys.") var key: String?

    @OptionGroup(title: "Queues") var queue: QueueArguments

    func validate() throws {
        try validateQueue()
        if table || multimap || dictionary {
            if [table, multimap, dictionary].count(where: { $0 }) > 1 {
                throw ValidationError("It is a table, a multimap or a dictionary")
            }
            if key == nil { throw ValidationError("Say with --key what its keys are") }
            if count != nil || value != nil || volatile && !dictionary {
                throw ValidationError("--count and --value are for cells, --volatile is for cells and dictionaries")
            }
        } else if key != nil {
            throw ValidationError("--key is for tables and dictionaries: add --table, --multimap or --dictionary")
        }
        if let count, count < 1 { throw ValidationError("An array has at least one element, not \(count)") }
    }

    private func validateQueue() throws {
        if !queue.queue { return }
        if table || multimap || dictionary { throw ValidationError("It is a queue, or something else") }
        if key != nil || count != nil || value != nil {
            throw ValidationError("A queue has no --key, --count or --value: see --capacity")
        }
    }

    func run() throws {
        if queue.queue { return try createQueue() }
        if let key, dictionary { return try createDictionary(keys: key) }
        if let key { return try createTable(keys: key) }
        let schema: Schema
        do throws(StoreError) { schema = try Schema(parsing: type) } catch { throw ToolError(.usage, error.message) }
        let initial = try value.map { try schema.bytes(of: schema.content(parsing: $0, for: name)) }
        let store = try openStore()
        defer { store.close() }
        try create(in: store, schema, initial)
    }

    private func createDictionary(keys: String) throws {
        let types: (key: EntryType, value: EntryType)
        do throws(StoreError) { types = (try EntryType(parsing: keys), try EntryType(parsing: type)) } catch {
            throw ToolError(.usage, error.message)
        }
        let store = try openStore()
        defer { store.close() }
        _ = try store.createDictionary(
            name, key: types.key, value: types.value, persistence: volatile ? .volatile : .persistent)
    }

    private func createQueue() throws {
        let store = try openStore()
        defer { store.close() }
        do throws(StoreError) {
            _ = try store.createQueue(
                name, element: type, options: queue.options(persistence: volatile ? .volatile : .persistent))
        } catch {
            if error.code == .unsupportedType { throw ToolError(.usage, error.message) }
            throw error
        }
    }

    private func createTable(keys: String) throws {
        let store = try openStore()
        defer { store.close() }
        do throws(StoreError) {
            _ = try store.createTable(name, kind: multimap ? .multimap : .table, keys: keys, values: type)
        } catch {
            if error.code == .unsupportedType { throw ToolError(.usage, error.message) }
            throw error
        }
    }

    private func create(in store: Store, _ schema: Schema, _ initial: [UInt8]?) throws {
        do throws(StoreError) {
            _ = try store.create(
                name, schema: schema, count: count, initial: initial, persistence: volatile ? .volatile : .persistent)
        } catch {
            guard error.code == .unsupportedType, initial == nil else { throw error }
            throw ToolError(
                .badData, "zero is no value of the type '\(schema)': say with --value what '\(name)' holds at first")
        }
    }

    /// A place where no store can be made is a thing that cannot be made; a store that is damaged stays that.
    private func openStore() throws -> Store {
        do {
            return try store.create()
        } catch let error as StoreError where error.code == .noSuchStore || error.code == .notAStore {
            if unsafe access(store.path + "/data.mdb", F_OK) == 0 { throw error }
            throw ToolError(.cannotCreate, error.message)
        }
    }
}

import ArgumentParser
import Cellar
import Glibc

struct NewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Makes a cell, or anything else that a store can hold, and the store if there is none.",
        discussion: """
            A type is int8 to int128, uint8 to uint128 (int and uint are 64 bits), float, double, bool, uuid, string<64> (of \
            64 bytes), simd<float, 4>, array<int, 3>, or a struct with offsets: '{x: double @0, tag: string<6> @8}'. With \
            --count the cell is an array.

            A table's keys (--key) are int8 to int64, uint8 to uint64, float, double, bool, string, bytes, uuid, date, or several \
            of them: '(string, int64)'. Its values are string, bytes, json, or a type as above; a multimap's are as keys.

            A dictionary's keys and values are string, bytes, or a type as for cells.

            A queue's or a log's elements are string, bytes, json, or a type as for cells. --capacity is the most items (1024) or \
            entries (4096), --maximum-bytes the longest string, bytes or json (256). After --maximum-deliveries an item that was \
            not acknowledged is set aside.

            Locks, signals and pipes are in memory only: they are gone after the machine's next start.

              cellar new robot.cellar pose --type '{x: double @0, y: double @8}' --value '{x: 1, y: 2}'
              cellar new robot.cellar sound --type float --count 48000 --volatile
              cellar new robot.cellar seen --dictionary --key string --type int64
              cellar new robot.cellar words --table --key string --type int64
              cellar new robot.cellar jobs --queue --type json --capacity 100
              cellar new robot.cellar events --log --type string --maximum-age 7d
              cellar new robot.cellar arms --semaphore --count 2
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The cell's name.") var name: String
    @Option(help: "The type of the value, or of each element, item, entry.") var type: String?
    @Option(help: "Makes an array of so many elements; or so many permits, parties, counts, bytes.") var count: Int?
    @Option(parsing: .unconditional, help: "What it holds at first, every element of it; zero if not given.")
    var value: String?
    @Flag(help: "Keeps the cell in memory only: it is gone after the machine's next start.") var volatile = false

    @Flag(exclusivity: .exclusive) var kind: NewKind?
    @OptionGroup(title: "What only some kinds take") var options: NewOptions

    private var persistence: Persistence { volatile ? .volatile : .persistent }

    func validate() throws {
        var given = options.given
        for (option, isGiven) in [
            ("--type", type != nil), ("--count", count != nil), ("--value", value != nil), ("--volatile", volatile),
        ] where isGiven { given.insert(option) }
        let (required, allowed) = kind?.options ?? (["--type"], ["--count", "--value", "--volatile"])
        let title = kind?.title ?? "a cell"
        if let missing = required.subtracting(given).sorted().first {
            throw ValidationError("To make \(title), say \(missing)")
        }
        if let wrong = given.subtracting(required).subtracting(allowed).sorted().first {
            throw ValidationError("\(wrong) is nothing for \(title): see --help")
        }
        try validateNumbers()
    }

    private func validateNumbers() throws {
        guard let count else { return }
        let least = kind == .semaphore || kind == .latch ? 0 : 1
        if count < least { throw ValidationError("--count is at least \(least) here, not \(count)") }
        if kind == .barrier, count > 250 { throw ValidationError("A barrier has at most 250 parties") }
        if let bound = options.bound, bound < count { throw ValidationError("--bound is not below --count") }
    }

    func run() throws {
        if let kind { return try create(kind) }
        let schema: Schema
        do throws(StoreError) { schema = try Schema(parsing: type ?? "") } catch {
            throw ToolError(.usage, error.message)
        }
        let initial = try value.map { try schema.bytes(of: schema.content(parsing: $0, for: name)) }
        let store = try openStore()
        defer { store.close() }
        try create(in: store, schema, initial)
    }

    private func create(_ kind: NewKind) throws {
        let thing = NewThing(
            kind: kind, name: name, type: type ?? "", count: count ?? 1, options: options, persistence: persistence)
        let store = try openStore()
        defer { store.close() }
        do { try thing.make(in: store) } catch let error as StoreError where error.code == .unsupportedType {
            throw ToolError(.usage, error.message)
        }
    }

    private func create(in store: Store, _ schema: Schema, _ initial: [UInt8]?) throws {
        do throws(StoreError) {
            _ = try store.create(
                name, schema: schema, count: count, initial: initial, persistence: persistence)
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

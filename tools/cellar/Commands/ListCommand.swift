import ArgumentParser
import Cellar

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "Lists the cells and tables of a store.",
        discussion: """
            Cells, then tables, each by name in the order of their UTF-8 bytes; or those whose names match a pattern as of a \
            shell, in which * stands for / too. Of a queue the count is of what is to be delivered or acknowledged; of a folder \
            in a tree, of all that is in it. A value's version is how often it was written since it came into memory. With \
            --json, one object a line.

            Of a store that is damaged it lists what can be read, says on standard error what cannot, and ends with status 65.

              cellar ls robot.cellar
              cellar ls robot.cellar 'robot/*' --long
              cellar ls robot.cellar --tree --bytes
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "Names, or patterns such as 'robot/*'.", completion: Completions.name) var patterns: [String] = []
    @Flag(help: "By the parts of the names between slashes.") var tree = false
    @Flag(name: [.long, .customShort("l")], help: "Also the version, and whether it is in memory or on disk alone.")
    var long = false
    @Flag(help: "Sizes in bytes, exactly.") var bytes = false
    @Flag(help: "One JSON object a line.") var json = false

    func validate() throws {
        if json, tree || bytes { throw ValidationError("--json has all sizes in bytes, and a line for each name") }
    }

    func run() throws {
        let store = try store.look()
        defer { store.close() }
        let unreadable = Unreadable()
        let contents = try StoreContents(of: store, matching: patterns, unreadable)
        let output = Output()
        if json {
            try writeJSON(contents, in: store, to: output, unreadable)
        } else {
            let style = ByteStyle(exact: bytes)
            let listing = try Listing(contents, in: store, style: style, isLong: long, unreadable)
            if tree {
                try ListingTree(listing, style: style).write(to: output)
            } else {
                try listing.write(to: output)
            }
        }
        try output.flush()
        try unreadable.finish()
    }

    private func writeJSON(
        _ contents: StoreContents, in store: Store, to output: Output, _ unreadable: Unreadable
    ) throws {
        // Of values and arrays all but the name is the same as of others.
        var plain: [String?] = contents.listing.kinds.map { _ in nil }
        for entry in contents.cells {
            let cell = contents.listing.info(entry)
            if !long, cell.kind == .value || cell.kind == .array {
                let rest = try plain[entry.kind] ?? CellLines.restOfJSON(cell, in: store)
                plain[entry.kind] = rest
                try output.write(CellLines.start + CellContent.escape(cell.name))
                try output.line(rest)
                continue
            }
            let facts = try unreadable.attempt(cell.name) { try CellFacts(cell, in: store, withVersion: long) }
            try output.line(CellLines.json(cell, facts ?? CellFacts(cell), in: store))
        }
        for table in contents.tables {
            guard let count = try unreadable.attempt(table.info.name, { try table.count() }) else { continue }
            var line = TableLines.json(table.info)
            line.add("count", count)
            try output.line(line.closed)
        }
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

    /// What comes before the name.
    static let start = "{\"name\": "

    /// What a listing has after the name, of a cell that need not be looked at.
    static func restOfJSON(_ cell: CellInfo, in store: Store) throws -> String {
        var nameless = cell
        nameless.name = ""
        return String(try json(nameless, CellFacts(nameless), in: store).dropFirst(start.count + 2))
    }

    /// And those that a listing has besides.
    static func json(_ cell: CellInfo, _ facts: CellFacts, in store: Store) throws -> String {
        var line = json(cell)
        if cell.kind != .array, let count = facts.count.flatMap({ Int($0) }) { line.add("count", count) }
        if cell.kind == .queue, let queue = try store.queueIfAny(cell.name) { line.add("capacity", queue.capacity) }
        if let byteCount = facts.byteCount { line.add("bytes", byteCount) }
        line.add("in_memory", cell.isInMemory)
        if let version = facts.version { line.add("version", version) }
        return line.closed
    }
}

import Cellar

/// The rows of `cellar ls`: cells, then tables.
struct Listing {
    /// A name, and which of the details are its own: a million cells have few different ones.
    struct Row {
        var name: String
        var details: Int
        var byteCount: Int
    }

    private(set) var rows: [Row] = []
    /// What stands after the name, a text for each column.
    private(set) var details: [[String]] = []

    private let store: Store
    private let style: ByteStyle
    private let isLong: Bool
    /// The details of each kind of plain cell: all but the name is the same as of others.
    private var plain: [Int?]

    init(_ contents: StoreContents, in store: Store, style: ByteStyle, isLong: Bool, _ unreadable: Unreadable) throws {
        (self.store, self.style, self.isLong) = (store, style, isLong)
        rows.reserveCapacity(contents.cells.count + contents.tables.count)
        plain = contents.listing.kinds.map { _ in nil }
        let byteCounts = contents.listing.kinds.map { CellFacts.byteCount($0) ?? 0 }
        for entry in contents.cells {
            let details = try details(of: entry, in: contents.listing, unreadable)
            rows.append(Row(name: entry.name, details: details, byteCount: byteCounts[entry.kind]))
        }
        for table in contents.tables {
            guard let facts = try unreadable.attempt(table.info.name, { try CellFacts(table) }) else { continue }
            details.append(columns(facts))
            rows.append(Row(name: table.info.name, details: details.count - 1, byteCount: 0))
        }
    }

    var titles: [String] {
        ["NAME", "KIND", "COUNT", "SIZE", "KEPT"] + (isLong ? ["VERSION", "PLACE", "TYPE"] : ["TYPE"])
    }

    private mutating func details(
        of entry: CellListing.Entry, in listing: CellListing, _ unreadable: Unreadable
    ) throws -> Int {
        if let known = plain[entry.kind] { return known }
        let kind = listing.kinds[entry.kind]
        if !isLong, kind.kind == .value || kind.kind == .array {
            details.append(columns(CellFacts(kind)))
            plain[entry.kind] = details.count - 1
        } else {
            let cell = listing.info(entry)
            let facts = try unreadable.attempt(cell.name) { try CellFacts(cell, in: store, withVersion: isLong) }
            details.append(columns(facts ?? CellFacts(cell)))
        }
        return details.count - 1
    }

    private func columns(_ facts: CellFacts) -> [String] {
        let size = facts.byteCount.map(style.column) ?? "-"
        let start = [facts.kind, facts.count ?? "-", size, facts.kept]
        return start + (isLong ? [facts.version.map(String.init) ?? "-", facts.place] : []) + [facts.type]
    }

    // MARK: Writing

    /// A line for each, under titles.
    func write(to output: Output) throws {
        if rows.isEmpty { return }
        let lines = rows.lazy.map { row in
            let name = Printable.line(row.name)
            return ListingLines.Line(name: name, width: Printable.width(name), details: row.details)
        }
        try ListingLines(titles: titles, details: details).write(lines, to: output)
    }
}

/// What of a store's cells and tables is to be shown.
struct StoreContents {
    let listing: CellListing
    let cells: [CellListing.Entry]
    let tables: [UntypedTable]

    /// Those that match a pattern; all if there is none. Throws for a pattern that matches nothing.
    init(of store: Store, matching names: [String], _ unreadable: Unreadable) throws {
        var patterns = NamePatterns(names)
        listing = try store.listing()
        unreadable.note(listing.damaged)
        cells = names.isEmpty ? listing.entries : listing.entries.filter { patterns.matches($0.name) }
        let all = try unreadable.attempt { try store.untypedTables() } ?? []
        tables = names.isEmpty ? all : all.filter { patterns.matches($0.info.name) }
        try patterns.requireMatches(in: store)
    }
}

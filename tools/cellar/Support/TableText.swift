import Cellar

/// What the tool says of tables.
enum TableLines {
    /// The members that every command gives of a table.
    static func json(_ table: TableInfo) -> JSONLine {
        var line = JSONLine()
        line.add("name", table.name)
        line.add("kind", table.kind.rawValue)
        line.add("key_type", table.keyType)
        line.add("type", table.valueType)
        line.add("database", table.database)
        return line
    }
}

/// What the tool says of an entry, of a table or a dictionary.
enum EntryLines {
    /// One entry, with what it is in.
    static func json(_ entry: UntypedTable.Entry, name: String, kind: String) -> String {
        var line = JSONLine()
        line.add("name", name)
        line.add("kind", kind)
        line.add("key", json: entry.key.json)
        line.add("value", json: entry.value.json)
        if let moment = entry.expiresAt { line.add("expires_at", moment) }
        return line.closed
    }

    /// Key and value with a tab between.
    static func text(_ entry: UntypedTable.Entry) -> String {
        "\(Printable.line(entry.key.description))\t\(Printable.line(entry.value.description))"
    }
}

extension Store {
    /// The tables that can be looked at now: others may remove one meanwhile.
    func untypedTables() throws -> [UntypedTable] {
        try tables().compactMap { info in
            do throws(StoreError) { return try untypedTable(info.name) } catch {
                if error.code == .noSuchCell { return nil }
                throw error
            }
        }
    }

    /// Whether the name is a table's and no cell's: cells come first.
    func isTable(_ name: String) throws -> Bool { try !contains(name) && tables().contains { $0.name == name } }
}

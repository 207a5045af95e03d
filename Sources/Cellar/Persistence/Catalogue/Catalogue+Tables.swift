/// A table that was opened: where its entries are.
struct OpenTable: Sendable {
    let entries: NamedDatabase
    let record: TableRecord
}

extension Catalogue {
    /// The named database that lists the tables, made with the first of them: name → `TableRecord`.
    static let tables = "tables"

    // MARK: Looking

    /// The table `name`; nil if there is none. Must not be called inside a transaction.
    func table(_ name: String) throws(StoreError) -> OpenTable? {
        guard let tables = try database.named(Self.tables) else { return nil }
        // Again if it was removed in between.
        for _ in 0..<8 {
            let found = try database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
                try record(ofTable: name, tables, in: transaction)
            }
            guard let found else { return nil }
            if let entries = try database.named(found.database) { return OpenTable(entries: entries, record: found) }
        }
        throw .damaged("\(database.directory)/data.mdb", "the entries of the table '\(name)' are not there")
    }

    /// The names and records of all tables, by name.
    func allTables() throws(StoreError) -> [(name: String, record: TableRecord)] {
        guard let tables = try database.named(Self.tables) else { return [] }
        return try database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            var found: [(name: String, record: TableRecord)] = []
            try transaction.forEach(in: tables) { (name, value) throws(StoreError) in
                guard let text = String(validating: name.copiedBytes, as: UTF8.self) else {
                    throw damaged("a table's name is no text")
                }
                guard let record = TableRecord(parsing: value.copiedBytes) else { throw unreadable(text) }
                found.append((text, record))
                return true
            }
            return found
        }
    }

    // MARK: Making

    /// The table `name`, a new one if there is none; one of other types is `.mismatch`.
    ///
    /// Must not be called inside a transaction. Making one is a transaction of its own, durable on return.
    func table(_ name: String, making wanted: TableTypes, patience: Duration) throws(StoreError) -> OpenTable {
        if let found = try table(name) {
            try require(found.record, wanted, name)
            return found
        }
        return try database.writeMaking(patience: patience) {
            (transaction: borrowing WriteTransaction, make) throws(StoreError) in
            let tables = try make(Self.tables, false)
            // Another process may have made it since.
            if let found = try record(ofTable: name, tables, in: transaction) {
                try require(found, wanted, name)
                return OpenTable(entries: try make(found.database, wanted.kind == .multimap), record: found)
            }
            let record = TableRecord(
                wanted, database: TableRecord.database(of: name, madeBy: transaction.identifier))
            let entries = try make(record.database, wanted.kind == .multimap)
            try transaction.put(record.encoded.utf8.span, for: name.utf8.span, in: tables)
            crashPoint("make table: on record")
            return OpenTable(entries: entries, record: record)
        }
    }

    // MARK: Changing

    /// Removes the table with all its entries; returns what it was, or nil if there is none. Durable on return. Waits for the
    /// transactions of this process, and for the writer of another.
    func removeTable(_ name: String, patience: Duration) throws(StoreError) -> TableRecord? {
        guard let tables = try database.named(Self.tables) else { return nil }
        // Again if another process renamed, or removed and made it, in between.
        for _ in 0..<8 {
            guard let found = try table(name) else { return nil }
            let isRemoved = try database.remove(found.record.database, patience: patience) {
                (transaction: borrowing WriteTransaction) throws(StoreError) in
                guard try record(ofTable: name, tables, in: transaction) == found.record else { return false }
                try transaction.delete(name.utf8.span, in: tables)
                crashPoint("remove table: off record")
                return true
            }
            if isRemoved { return found.record }
        }
        throw StoreError(.timedOut, "the table '\(name)' is being changed by others all the time: try again")
    }

    /// Gives a table another name; handles to it stay good.
    func renameTable(_ name: String, to newName: String, patience: Duration) throws(StoreError) {
        guard let tables = try database.named(Self.tables) else { throw noSuchTable(name) }
        try database.write(patience: patience) { (transaction: borrowing WriteTransaction) throws(StoreError) in
            guard let found = try record(ofTable: name, tables, in: transaction) else { throw noSuchTable(name) }
            guard try record(ofTable: newName, tables, in: transaction) == nil else {
                throw StoreError(
                    .cellExists, "there is a table '\(newName)' already: choose another name, or remove it")
            }
            try transaction.put(found.encoded.utf8.span, for: newName.utf8.span, in: tables)
            try transaction.delete(name.utf8.span, in: tables)
            crashPoint("rename table: on record")
        }
    }

    // MARK: Parts

    private func record(
        ofTable name: String, _ tables: NamedDatabase, in transaction: borrowing some DatabaseReading & ~Copyable
    ) throws(StoreError) -> TableRecord? {
        guard let bytes = try transaction.value(of: name.utf8.span, in: tables) else { return nil }
        guard let record = TableRecord(parsing: bytes) else { throw unreadable(name) }
        return record
    }

    func require(_ found: TableRecord, _ wanted: TableTypes, _ name: String) throws(StoreError) {
        guard found.types != wanted else { return }
        throw StoreError(
            .mismatch,
            "'\(name)' is a \(found.types.kind.rawValue) with keys '\(found.types.keyType)' and values "
                + "'\(found.types.valueType)', and was asked for as a \(wanted.kind.rawValue) with keys "
                + "'\(wanted.keyType)' and values '\(wanted.valueType)': use its own types, or another name")
    }

    private func unreadable(_ name: String) -> StoreError {
        damaged("the record of the table '\(name)' makes no sense")
    }

    private func damaged(_ reason: String) -> StoreError { .damaged("\(database.directory)/data.mdb", reason) }

    func noSuchTable(_ name: String) -> StoreError {
        StoreError(
            .noSuchCell, "the store '\(database.directory)' has no table '\(name)': see its tables with 'cellar ls'")
    }
}

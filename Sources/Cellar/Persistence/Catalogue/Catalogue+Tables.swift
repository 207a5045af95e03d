/// What is on record of a table: a line of readable text such as `key=(string, int64) value={x: double @0}`.
struct TableRecord: Hashable, Sendable {
    var keyType: String
    var valueType: String

    var encoded: String { "key=\(keyType) value=\(valueType)" }

    /// Nil for what `encoded` does not write. Types of keys have no ` value=` in them.
    init?(parsing bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self), text.hasPrefix("key="),
            let middle = text.firstRange(of: " value=")
        else { return nil }
        keyType = String(text[text.index(text.startIndex, offsetBy: 4)..<middle.lowerBound])
        valueType = String(text[middle.upperBound...])
    }

    init(keyType: String, valueType: String) {
        self.keyType = keyType
        self.valueType = valueType
    }
}

extension Catalogue {
    /// The named database that lists the tables, made with the first of them: name → `TableRecord`.
    static let tables = "tables"

    /// The named database that holds a table's entries.
    static func entries(of table: String) -> String { "table:" + table }

    /// The entries of the table `name`; nil if there is none and none is to be made. A table of other types is `.mismatch`.
    ///
    /// Must not be called inside a transaction. Making one is a transaction of its own, durable on return.
    func table(_ name: String, _ wanted: TableRecord, creates: Bool) throws(StoreError) -> NamedDatabase? {
        let names = [Self.tables, Self.entries(of: name)]
        if let opened = try database.named(names, creates: false) {
            let found = try database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
                try record(ofTable: name, opened[0], in: transaction)
            }
            try require(found, wanted, name)
            return opened[1]
        }
        guard creates else { return nil }
        let made = try database.named(names, creates: true) {
            (transaction: borrowing WriteTransaction, opened: [NamedDatabase]) throws(StoreError) in
            // Another process may have made it since.
            if let found = try record(ofTable: name, opened[0], in: transaction) {
                return try require(found, wanted, name)
            }
            try transaction.put(wanted.encoded.utf8.span, for: name.utf8.span, in: opened[0])
            crashPoint("make table: on record")
        }
        return made?[1]
    }

    private func record(
        ofTable name: String, _ tables: NamedDatabase, in transaction: borrowing some DatabaseReading & ~Copyable
    ) throws(StoreError) -> TableRecord? {
        guard let bytes = try transaction.value(of: name.utf8.span, in: tables) else { return nil }
        guard let record = TableRecord(parsing: bytes) else {
            throw .damaged("\(database.directory)/data.mdb", "the record of the table '\(name)' makes no sense")
        }
        return record
    }

    private func require(_ found: TableRecord?, _ wanted: TableRecord, _ name: String) throws(StoreError) {
        guard let found else {
            throw .damaged("\(database.directory)/data.mdb", "the table '\(name)' is not on record")
        }
        guard found == wanted else {
            throw StoreError(
                .mismatch,
                "the table '\(name)' has keys '\(found.keyType)' and values '\(found.valueType)', and was asked for with keys "
                    + "'\(wanted.keyType)' and values '\(wanted.valueType)': use its own types, or another name")
        }
    }

    /// The names and records of all tables, by name.
    func allTables() throws(StoreError) -> [(name: String, record: TableRecord)] {
        guard let tables = try database.named(Self.tables) else { return [] }
        return try database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            var found: [(name: String, record: TableRecord)] = []
            try transaction.forEach(in: tables) { (name, value) throws(StoreError) in
                let text = String(decoding: name.copiedBytes, as: UTF8.self)
                guard let record = TableRecord(parsing: value.copiedBytes) else {
                    throw .damaged("\(database.directory)/data.mdb", "the record of the table '\(text)' makes no sense")
                }
                found.append((text, record))
                return true
            }
            return found
        }
    }
}

/// What is on record of a table, as readable text of four lines:
///
///     table
///     key=(string, int64)
///     value={x: double @0}
///     in=table:readings@57
///
/// The last one names the database with its entries, which stays the same when the table gets another name. It is made from
/// the first name and the number of the transaction that made it, so no other ever has the same.
struct TableRecord: Hashable, Sendable {
    var types: TableTypes
    var database: String

    init(_ types: TableTypes, database: String) {
        self.types = types
        self.database = database
    }

    var encoded: String {
        "\(types.kind.rawValue)\nkey=\(types.keyType)\nvalue=\(types.valueType)\nin=\(database)"
    }

    /// Nil for what `encoded` does not write.
    init?(parsing bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 4, let kind = TableInfo.Kind(rawValue: String(lines[0])),
            let key = Self.text(of: "key=", lines[1]), let value = Self.text(of: "value=", lines[2]),
            let database = Self.text(of: "in=", lines[3]), database.hasPrefix(Self.prefix)
        else { return nil }
        types = TableTypes(kind: kind, keyType: key, valueType: value)
        self.database = database
    }

    private static func text(of name: String, _ line: Substring) -> String? {
        line.hasPrefix(name) && line.utf8.count > name.utf8.count ? String(line.dropFirst(name.count)) : nil
    }

    private static let prefix = "table:"

    /// The database of a table that is made now.
    static func database(of table: String, madeBy transaction: UInt64) -> String { "\(prefix)\(table)@\(transaction)" }
}

/// What a table is asked for with, or has.
struct TableTypes: Hashable, Sendable {
    var kind: TableInfo.Kind
    var keyType: String
    var valueType: String
}

/// What a table is.
public struct TableInfo: Hashable, Sendable {
    /// How many values a key has.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// One: `SharedTable`.
        case table
        /// Any number, sorted: `SharedMultimap`.
        case multimap
    }

    /// The name that it is asked for by.
    public var name: String
    /// A table, or a multimap.
    public var kind: Kind
    /// What the keys are, such as `(string, int64)`.
    public var keyType: String
    /// What the values are: a plain type's schema, `string`, `bytes`, `json`, or the name of a program's own codec.
    public var valueType: String
    /// The name of the LMDB database with the entries, for LMDB's own tools (`mdb_dump -s`).
    public var database: String

    init(_ name: String, _ record: TableRecord) {
        self.name = name
        kind = record.types.kind
        keyType = record.types.keyType
        valueType = record.types.valueType
        database = record.database
    }
}

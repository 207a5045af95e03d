import Cellar

/// What has entries: a dictionary, a table, a multimap.
enum EntrySource {
    case dictionary(UntypedDictionary)
    case table(UntypedTable)

    /// Nil if there is nothing of the name that has entries. Cells come before tables.
    init?(_ name: String, in store: Store) throws {
        if let dictionary = try store.dictionaryIfAny(name) {
            self = .dictionary(dictionary)
        } else if try store.isTable(name) {
            self = .table(try store.untypedTable(name))
        } else {
            return nil
        }
    }

    var name: String {
        switch self {
        case .dictionary(let dictionary): dictionary.info.name
        case .table(let table): table.info.name
        }
    }

    var kind: String {
        switch self {
        case .dictionary(let dictionary): dictionary.info.kind.rawValue
        case .table(let table): table.info.kind.rawValue
        }
    }

    var isMultimap: Bool { kind == TableInfo.Kind.multimap.rawValue }

    /// All entries, as they lie, until `body` returns false.
    func forEach(_ body: (UntypedTable.Entry) throws -> Bool) throws {
        switch self {
        case .dictionary(let dictionary): try dictionary.forEach(body)
        case .table(let table): try table.forEach(body)
        }
    }

    /// The entries of the range in order; of a dictionary whose keys have none, all as they lie.
    func forEach(in range: UntypedTable.Range, _ body: (UntypedTable.Entry) throws -> Bool) throws {
        switch self {
        case .table(let table): try table.forEach(in: range, body)
        case .dictionary(let dictionary):
            guard dictionary.isOrdered || range != UntypedTable.Range() else { return try dictionary.forEach(body) }
            try dictionary.forEach(in: range, body)
        }
    }

    /// The key that a person's text stands for.
    func key(parsing text: String) throws -> TableContent {
        switch self {
        case .dictionary(let dictionary): try dictionary.key(parsing: text)
        case .table(let table): try table.key(parsing: text)
        }
    }

    /// Removes the key with all its values.
    func remove(_ key: String) throws {
        switch self {
        case .dictionary(let dictionary): try dictionary.remove(key)
        case .table(let table): try table.remove(key)
        }
    }

    /// The values of a key: one at most but in a multimap.
    func values(for key: String) throws -> [TableContent] {
        switch self {
        case .dictionary(let dictionary): try dictionary.value(for: key).map { [$0] } ?? []
        case .table(let table): try table.values(for: key)
        }
    }
}

import Cellar

/// What the tool says of dictionaries.
enum DictionaryLines {
    /// `key: value`.
    static func types(_ info: CellInfo) -> String {
        info.entries.map { Printable.line("\($0.key): \($0.value)") } ?? ""
    }

    /// One entry, with the dictionary it is in.
    static func json(_ entry: UntypedDictionary.Entry, of info: CellInfo) -> String {
        var line = JSONLine()
        line.add("name", info.name)
        line.add("kind", info.kind.rawValue)
        line.add("key", json: entry.key.json)
        line.add("value", json: entry.value.json)
        return line.closed
    }

    /// Key and value with a tab between.
    static func text(_ entry: UntypedDictionary.Entry) -> String {
        "\(Printable.line(entry.key.description))\t\(Printable.line(entry.value.description))"
    }
}

extension Store {
    /// Whether the name is a dictionary's.
    func isDictionary(_ name: String) throws -> Bool {
        try contains(name) && cells().contains { $0.name == name && $0.kind == .dictionary }
    }
}

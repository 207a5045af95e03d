import Cellar

/// A dictionary, table or multimap, and what was last seen of its entries.
struct WatchedEntries: Watched {
    private var look: EntryLook
    /// The values of each key, as they are shown; nil before the first look.
    private var seen: [String: [String]]?

    init(_ source: EntrySource) { look = EntryLook(source) }

    var isInMemory: Bool { look.isInMemory }
    mutating func find(in store: Store, isAnew: Bool) throws { try look.find(in: store) }

    mutating func changes(json: Bool) throws -> [String] {
        guard try look.isDue() else { return [] }
        var keys: [String] = []
        var now: [String: [String]] = [:]
        var count = 0
        try look.source.forEach { entry in
            let key = json ? entry.key.json : entry.key.description
            if now[key] == nil { keys.append(key) }
            now[key, default: []].append(json ? entry.value.json : entry.value.description)
            count += 1
            return true
        }
        let before = seen
        seen = now
        guard let before else { return [heading(count, json: json)] }
        let lines = EntryChanges(source: look.source, isJSON: json)
        let gone = before.keys.filter { now[$0] == nil }.sorted()
        return (keys + gone).flatMap { lines.from(before[$0] ?? [], to: now[$0] ?? [], of: $0) }
    }

    private func heading(_ count: Int, json: Bool) -> String {
        let name = look.source.name
        guard json else {
            return "\(Printable.line(name)): \(Printable.grouped(count)) \(count == 1 ? "entry" : "entries")"
        }
        var line = JSONLine()
        line.add("name", name)
        line.add("count", count)
        return line.closed
    }
}

/// One key of a dictionary, table or multimap, and what was last seen of its values.
struct WatchedKey: Watched {
    private var look: EntryLook
    private let key: String
    private var seen: [String]?

    init(_ source: EntrySource, _ key: String) {
        look = EntryLook(source)
        self.key = key
    }

    var isInMemory: Bool { look.isInMemory }
    mutating func find(in store: Store, isAnew: Bool) throws { try look.find(in: store) }

    mutating func changes(json: Bool) throws -> [String] {
        guard try look.isDue() else { return [] }
        let now = try look.source.values(for: key).map { json ? $0.json : $0.description }
        let before = seen
        seen = now
        let lines = EntryChanges(source: look.source, isJSON: json)
        let content = try look.source.key(parsing: key)
        let name = json ? content.json : content.description
        if before == nil, now.isEmpty { return [lines.absent(name)] }
        return lines.from(before ?? [], to: now, of: name)
    }
}

/// When to look at entries again.
private struct EntryLook {
    private(set) var source: EntrySource
    private var version: CellVersion?

    init(_ source: EntrySource) { self.source = source }

    /// Whether they may be others than at the last look. Throws if what has them was removed.
    mutating func isDue() throws -> Bool {
        switch source {
        case .dictionary(let dictionary):
            if dictionary.isRemoved {
                throw ToolError(.noInput, "the dictionary '\(dictionary.info.name)' was removed")
            }
            return true
        case .table(let table):
            guard let last = version else {
                version = try table.version()
                return true
            }
            guard let next = try table.wait(after: last, timeout: .zero) else { return false }
            version = next
            return true
        }
    }

    var isInMemory: Bool {
        if case .dictionary(let dictionary) = source { return dictionary.info.isInMemory }
        return true
    }

    mutating func find(in store: Store) throws {
        guard let found = try EntrySource(source.name, in: store) else {
            throw ToolError(.noInput, "'\(source.name)' was removed")
        }
        (source, version) = (found, nil)
    }
}

/// Lines that tell how a key's values changed.
private struct EntryChanges {
    let source: EntrySource
    let isJSON: Bool

    func from(_ old: [String], to new: [String], of key: String) -> [String] {
        if old == new { return [] }
        guard source.isMultimap else { return [new.last.map { line(key, "=", "value", $0) } ?? absent(key)] }
        let (before, now) = (Set(old), Set(new))
        return old.filter { !now.contains($0) }.map { line(key, "-", "removed", $0) }
            + new.filter { !before.contains($0) }.map { line(key, "+", "added", $0) }
    }

    func absent(_ key: String) -> String {
        guard isJSON else { return Printable.line("\(source.name)[\(key)] is not there") }
        var line = start(key)
        line.add("absent", true)
        return line.closed
    }

    private func line(_ key: String, _ sign: String, _ member: String, _ value: String) -> String {
        guard isJSON else { return Printable.line("\(source.name)[\(key)] \(sign) \(value)") }
        var line = start(key)
        line.add(member, json: value)
        return line.closed
    }

    private func start(_ key: String) -> JSONLine {
        var line = JSONLine()
        line.add("name", source.name)
        line.add("key", json: key)
        return line
    }
}

import Cellar

/// A cell, or a part of one, and what was last seen of it.
struct WatchedCell: Watched {
    private let path: CellPath
    private var cell: UntypedCell
    private var range: Range<Int>
    private var version: CellVersion?
    private var bytes: [UInt8]?
    private var shown: String?
    /// Whether each element may be another than before, and nobody can say.
    private var mayDiffer = false

    init(_ text: String, in store: Store) throws {
        path = try CellPath(text, in: store)
        cell = try store.cell(path.name)
        range = try path.range(in: cell.info)
    }

    var isInMemory: Bool { cell.info.isInMemory }

    mutating func find(in store: Store, isAnew: Bool) throws {
        cell = try store.cell(path.name)
        range = try path.range(in: cell.info)
        version = nil
        mayDiffer = mayDiffer || isAnew
    }

    /// Whether the lines show which elements changed, and not what they hold.
    private var showsPlaces: Bool { path.text.isEmpty && cell.info.kind == .array }

    mutating func changes(json: Bool) throws -> [String] { try change(json: json).map { [$0] } ?? [] }

    /// A line, if it is another than when it was last looked at.
    private mutating func change(json: Bool) throws -> String? {
        var places: [Range<Int>] = []
        if let version {
            guard let changes = try cell.wait(after: version, timeout: .zero) else { return nil }
            (self.version, places) = (changes.version, changes.ranges)
        } else {
            version = try cell.version()
            if mayDiffer { places = [range] }
            mayDiffer = false
        }
        if showsPlaces { return places.isEmpty ? nil : line(places, json: json) }
        let now = try cell.bytes(in: range)
        if now == bytes { return nil }
        bytes = now
        let line = try line(json: json)
        // The field that is watched may be the same in a struct that is not.
        if line == shown { return nil }
        shown = line
        return line
    }

    private func line(json: Bool) throws -> String {
        let contents = try cell.info.schema.content(of: bytes ?? [], count: range.count)
        let isSingle = path.isSingle(in: cell.info)
        let parts = try contents.map { try path.part(of: $0) }
        let texts = parts.map { json ? $0.json : $0.description }
        let value = isSingle ? texts.joined() : "[\(texts.joined(separator: ", "))]"
        guard json else { return Printable.line("\(path.name)\(path.text) = \(value)") }
        var line = JSONLine()
        line.add("name", path.name)
        if case .element(let index) = path.part { line.add("index", index) }
        if case .range(let range) = path.part { line.add("range", json: "[\(range.lowerBound), \(range.upperBound)]") }
        if !path.steps.isEmpty { line.add("path", path.text) }
        line.add("value", json: value)
        return line.closed
    }

    private func line(_ places: [Range<Int>], json: Bool) -> String {
        guard json else {
            let texts = places.map { "\($0.lowerBound)..<\($0.upperBound)" }
            return Printable.line("\(path.name)[\(texts.joined(separator: ", "))] changed")
        }
        var line = JSONLine()
        line.add("name", path.name)
        line.add("changed", json: "[\(places.map { "[\($0.lowerBound), \($0.upperBound)]" }.joined(separator: ", "))]")
        return line.closed
    }
}

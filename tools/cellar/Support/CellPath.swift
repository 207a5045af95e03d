import Cellar

/// Which part of which cell: `NAME`, `NAME[3]`, `NAME[0..<10]`, `NAME[0...9]`.
struct CellPath: Equatable {
    enum Part: Equatable {
        case whole
        case element(Int)
        case range(Range<Int>)
    }

    var name: String
    var part: Part

    /// What the text says. A bracket that does not end in a proper index is an error, not part of a name.
    init(parsing text: String) throws {
        guard text.hasSuffix("]"), let bracket = text.lastIndex(of: "[") else {
            (name, part) = (text, .whole)
            return
        }
        name = String(text[..<bracket])
        part = try Self.part(text[text.index(after: bracket)...].dropLast(), of: text)
    }

    /// What the text stands for in the store: a cell whose name is the whole text comes first.
    init(_ text: String, in store: Store) throws {
        let parsed = Result { try CellPath(parsing: text) }
        if (try? parsed.get().part) != .whole, try store.contains(text) {
            (name, part) = (text, .whole)
        } else {
            self = try parsed.get()
        }
    }

    private static func part(_ index: Substring, of text: String) throws -> Part {
        if let element = number(index) { return .element(element) }
        for (sign, isClosed) in [("..<", false), ("...", true)] {
            guard let place = index.firstRange(of: sign) else { continue }
            guard let lower = number(index[..<place.lowerBound]), let upper = number(index[place.upperBound...]),
                !isClosed || upper < Int.max, case let end = isClosed ? upper + 1 : upper, lower <= end
            else { break }
            return .range(lower..<end)
        }
        throw ToolError(
            .usage, "'\(text)' names no element: write NAME[3], NAME[0..<10] or NAME[0...9], counting from 0")
    }

    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}

extension CellPath {
    /// The elements meant, of a cell; throws if it does not have them.
    func range(in info: CellInfo) throws -> Range<Int> {
        let range: Range<Int>
        switch part {
        case .whole: return 0..<info.count
        case .element(let index): range = index..<(index == .max ? index : index + 1)
        case .range(let indices): range = indices
        }
        guard info.kind == .array else {
            throw ToolError(.badData, "'\(info.name)' is a value, not an array: write its name without an index")
        }
        guard range.upperBound <= info.count, range.lowerBound < info.count || range.isEmpty else {
            throw ToolError(
                .badData,
                "'\(info.name)' has \(Printable.counted(info.count, "element")), 0 to \(info.count - 1), and not "
                    + (range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound - 1)"))
        }
        return range
    }

    /// Whether one value is meant, not a list.
    func isSingle(in info: CellInfo) -> Bool {
        if case .element = part { return true }
        return info.kind == .value && part == .whole
    }

    /// The one element meant; throws if several are.
    func index(in info: CellInfo) throws -> Int {
        let range = try range(in: info)
        guard isSingle(in: info) else {
            throw ToolError(.usage, "'\(info.name)' is an array: say which element, as in '\(info.name)[0]'")
        }
        return range.lowerBound
    }
}

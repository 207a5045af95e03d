import Cellar

/// Which part of which cell: `NAME`, `NAME[3]`, `NAME[0..<10]`, `NAME[0...9]`, and within what that holds `.field`, `[3]` and
/// so on, as in `NAME[3].path.points[0].x`.
struct CellPath: Equatable {
    enum Part: Equatable {
        case whole
        case element(Int)
        case range(Range<Int>)
    }

    /// A step into a value.
    enum Step: Equatable {
        case field(String)
        case element(Int)
        case range(Range<Int>)
    }

    var name: String
    var part: Part
    var steps: [Step] = []

    /// What the text says of a cell that need not be there. A bracket that does not end in a proper index is an error, not part
    /// of a name.
    init(parsing text: String) throws {
        guard text.hasSuffix("]"), let bracket = text.lastIndex(of: "[") else {
            (name, part) = (text, .whole)
            return
        }
        let steps = try Self.steps(text[bracket...], of: text)
        (name, part) = (String(text[..<bracket]), Self.part(steps[0]))
    }

    /// What the text stands for in the store: of the cells whose names it begins with, the one with the longest name.
    init(_ text: String, in store: Store) throws {
        (name, part) = (text, .whole)
        if try store.contains(text) { return }
        for place in text.indices.reversed() where place > text.startIndex && (text[place] == "." || text[place] == "[")
        {
            guard let info = try store.cellInfo(String(text[..<place])) else { continue }
            name = info.name
            steps = try Self.steps(text[place...], of: text)
            if let first = steps.first, Self.part(first) != .whole, info.kind != .value || !info.schema.hasElements {
                part = Self.part(first)
                steps.removeFirst()
            }
            return
        }
        self = try CellPath(parsing: text)
    }

    // MARK: Reading

    private static func part(_ step: Step) -> Part {
        switch step {
        case .field: .whole
        case .element(let index): .element(index)
        case .range(let range): .range(range)
        }
    }

    private static func steps(_ rest: Substring, of text: String) throws -> [Step] {
        var rest = rest
        var steps: [Step] = []
        while let first = rest.first {
            rest.removeFirst()
            if first == "[", let end = rest.firstIndex(of: "]") {
                steps.append(try index(rest[..<end], of: text))
                rest = rest[rest.index(after: end)...]
            } else if first == ".", case let end = rest.firstIndex(where: { $0 == "." || $0 == "[" }) ?? rest.endIndex,
                end > rest.startIndex
            {
                steps.append(.field(String(rest[..<end])))
                rest = rest[end...]
            } else {
                throw noElement(text)
            }
        }
        return steps
    }

    private static func index(_ index: Substring, of text: String) throws -> Step {
        if let element = number(index) { return .element(element) }
        for (sign, isClosed) in [("..<", false), ("...", true)] {
            guard let place = index.firstRange(of: sign) else { continue }
            guard let lower = number(index[..<place.lowerBound]), let upper = number(index[place.upperBound...]),
                !isClosed || upper < Int.max, case let end = isClosed ? upper + 1 : upper, lower <= end
            else { break }
            return .range(lower..<end)
        }
        throw noElement(text)
    }

    private static func noElement(_ text: String) -> ToolError {
        ToolError(
            .usage,
            "'\(text)' names no element: write NAME[3], NAME[0..<10] or NAME[0...9], counting from 0, or NAME.field")
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
        if part == .whole { return 0..<info.count }
        guard info.kind == .array else {
            throw ToolError(.badData, "'\(info.name)' is a value, not an array: write its name without an index")
        }
        return try range(within: info.count)
    }

    /// The elements meant, of so many.
    func range(within count: Int) throws -> Range<Int> {
        let range: Range<Int>
        switch part {
        case .whole: return 0..<count
        case .element(let index): range = index..<(index == .max ? index : index + 1)
        case .range(let indices): range = indices
        }
        guard range.upperBound <= count, range.lowerBound < count || range.isEmpty else {
            let those = count > 0 ? ", 0 to \(count - 1)," : ""
            throw ToolError(
                .badData,
                "'\(name)' has \(Printable.counted(count, "element"))\(those) and not "
                    + (range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound - 1)"))
        }
        return range
    }

    /// Whether one value is meant, not a list.
    func isSingle(in info: CellInfo) -> Bool {
        if case .element = part { return true }
        return info.kind == .value && part == .whole
    }

    /// The one element meant; throws if several are, or a part of one.
    func index(in info: CellInfo) throws -> Int {
        let range = try range(in: info)
        guard steps.isEmpty else {
            throw ToolError(
                .usage, "'\(name)\(text)' is a part of a value: change it as in 'cellar set STORE \(name) \"{x: 1}\"'")
        }
        guard isSingle(in: info) else {
            throw ToolError(.usage, "'\(info.name)' is an array: say which element, as in '\(info.name)[0]'")
        }
        return range.lowerBound
    }

    /// Whether the steps lead to several parts of a value.
    var hasRange: Bool {
        steps.contains { if case .range = $0 { true } else { false } }
    }

    /// What stands behind the name.
    var text: String {
        let start =
            switch part {
            case .whole: ""
            case .element(let index): "[\(index)]"
            case .range(let range): "[\(range.lowerBound)..<\(range.upperBound)]"
            }
        return start + steps.map(\.text).joined()
    }
}

extension CellPath.Step {
    fileprivate var text: String {
        switch self {
        case .field(let name): ".\(name)"
        case .element(let index): "[\(index)]"
        case .range(let range): "[\(range.lowerBound)..<\(range.upperBound)]"
        }
    }
}

extension Schema {
    /// Whether its values themselves have elements.
    var hasElements: Bool {
        switch shape {
        case .array, .simd: true
        default: false
        }
    }
}

// MARK: Into values

extension CellPath {
    /// The part of an element that is meant.
    func part(of content: CellContent) throws -> CellContent { try part(of: content, steps[...]) }

    private func part(of content: CellContent, _ steps: ArraySlice<Step>) throws -> CellContent {
        guard let step = steps.first else { return content }
        let rest = steps.dropFirst()
        switch (step, content) {
        case (.field(let name), .object(let members)):
            // A tuple's fields have names with a dot in front.
            guard let member = members.first(where: { $0.name == name || $0.name == "." + name }) else {
                throw noField(name, members)
            }
            return try part(of: member.value, rest)
        case (.element(let index), .list(let values)):
            guard index < values.count else { throw tooFar(index, values.count) }
            return try part(of: values[index], rest)
        case (.range(let range), .list(let values)):
            guard range.upperBound <= values.count else { throw tooFar(range.upperBound - 1, values.count) }
            return .list(try values[range].map { try part(of: $0, rest) })
        case (.field(let field), _):
            throw ToolError(.badData, "'\(name)\(text)': there is no field '\(field)' in what is no struct")
        default: throw ToolError(.badData, "'\(name)\(text)': what is no list has no elements")
        }
    }

    private func noField(_ field: String, _ members: [CellContent.Member]) -> ToolError {
        let names = members.map(\.name).joined(separator: ", ")
        return ToolError(.badData, "'\(name)\(text)': there is no field '\(field)': there are \(names)")
    }

    private func tooFar(_ index: Int, _ count: Int) -> ToolError {
        ToolError(.badData, "'\(name)\(text)': there is no element \(index) among \(count)")
    }
}

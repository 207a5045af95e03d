import Cellar

/// The columns of a CSV file, of which a type is derived: what their names say is in what, and what their values are.
struct CSVColumns {
    fileprivate enum Step: Hashable {
        case field(String)
        case element(Int)
    }

    fileprivate enum Kind: String {
        case int64, double, bool
    }

    fileprivate struct Column {
        var name: String
        var steps: [Step]
        /// Nil before there was a value.
        var kind: Kind?
    }

    private var columns: [Column]
    fileprivate static let double = try? Schema(parsing: "double")

    /// Throws if the names are none.
    init(_ header: [String]) throws {
        guard !header.isEmpty else { throw ToolError(.badData, "the first line is to name the columns") }
        guard header.count < ElementFields.most else {
            throw ToolError(.badData, "there are \(header.count) columns: \(ElementFields.most) are too many")
        }
        guard !header.allSatisfy({ !$0.hasPrefix(".") && Kind(of: $0) != nil }) else {
            throw ToolError(.badData, "'\(header[0])' is a value: the first line is to name the columns")
        }
        for (index, name) in header.enumerated() {
            if name.isEmpty { throw ToolError(.badData, "column \(index + 1) has no name") }
            guard !header[..<index].contains(name) else {
                throw ToolError(.badData, "two columns have the name '\(name)'")
            }
        }
        // As an element without parts is exported.
        columns =
            header == ["value"]
            ? [Column(name: "value", steps: [])] : header.map { Column(name: $0, steps: Self.steps($0)) }
        _ = try schema
    }

    // MARK: Values

    /// A record, with a field for each column.
    mutating func add(_ record: [String]) throws {
        for index in columns.indices {
            let (text, known) = (record[index], columns[index].kind)
            guard let kind = Kind(of: text) else {
                throw wrong(
                    text, index, Kind.isWhole(text) ? "does not fit int64" : "is neither a number nor true or false")
            }
            if kind == known { continue }
            guard let merged = kind.merged(with: known) else {
                throw wrong(
                    text, index, "is no \(known == .bool ? "true or false" : "number"), as the values before are")
            }
            columns[index].kind = merged
        }
    }

    private func wrong(_ text: String, _ index: Int, _ how: String) -> ToolError {
        ToolError(
            .badData,
            "column '\(columns[index].name)': '\(text.prefix(80))' \(how): say with --type what the columns are")
    }

    // MARK: Type

    /// Throws if the names contradict each other.
    var schema: Schema {
        get throws {
            // Elements of one inline array are of one type.
            var kinds: [[Step]: Kind] = [:]
            for column in columns {
                let place = column.place
                guard let kind = column.kind else { continue }
                guard let merged = kind.merged(with: kinds[place]) else {
                    throw ToolError(.badData, "column '\(column.name)' is not of the type of the elements before it")
                }
                kinds[place] = merged
            }
            let text = try Self.text(columns[...].map { ($0, $0.steps[...]) }, kinds)
            do throws(StoreError) { return try Schema(parsing: text) } catch {
                throw ToolError(.badData, "the columns make no type: \(error.message)")
            }
        }
    }

    /// The text of a type with these columns as its parts, each by what is left of its path.
    private static func text(_ parts: [(column: Column, rest: ArraySlice<Step>)], _ kinds: [[Step]: Kind]) throws
        -> String
    {
        if parts.count == 1, parts[0].rest.isEmpty { return (kinds[parts[0].column.place] ?? .double).rawValue }
        var order: [Step] = []
        var groups: [Step: [(column: Column, rest: ArraySlice<Step>)]] = [:]
        for part in parts {
            guard let step = part.rest.first, step.isField == order.first?.isField ?? step.isField else {
                throw ToolError(
                    .badData, "column '\(part.column.name)' is a value or a list, and something else besides")
            }
            if groups[step] == nil { order.append(step) }
            groups[step, default: []].append((part.column, part.rest.dropFirst()))
        }
        let types = try order.map { try text(groups[$0] ?? [], kinds) }
        if order[0].isField { return StructText.text(zip(order, types).map { ($0.name, $1) }) ?? "" }
        guard Set(order) == Set(order.indices.map { Step.element($0) }), Set(types).count == 1 else {
            throw ToolError(
                .badData, "column '\(parts[0].column.name)' is an element of a list that lacks some, or has others")
        }
        return "array<\(types[0]), \(types.count)>"
    }

    /// What a name says: `pose.points[3].x`. A name that says nothing is one field's, whatever is in it.
    private static func steps(_ name: String) -> [Step] {
        var steps: [Step] = []
        var rest = name[...]
        while let first = rest.first {
            if first == "[" {
                guard let end = rest.firstIndex(of: "]"),
                    case let digits = rest[rest.index(after: rest.startIndex)..<end],
                    let index = Int(digits), "\(index)" == digits, index >= 0
                else { return [.field(name)] }
                steps.append(.element(index))
                rest = rest[rest.index(after: end)...]
            } else {
                let start = first == "." ? rest.index(after: rest.startIndex) : rest.startIndex
                let end = rest[start...].firstIndex { $0 == "." || $0 == "[" } ?? rest.endIndex
                let field = rest[start..<end]
                let isOfTuple = first == "." && !field.isEmpty && field.utf8.allSatisfy { (0x30...0x39).contains($0) }
                // A dot is between two names, or in front of a number in a tuple.
                guard !field.isEmpty, isOfTuple || (first == ".") != steps.isEmpty else { return [.field(name)] }
                steps.append(.field(isOfTuple ? "." + field : String(field)))
                rest = rest[end...]
            }
        }
        return steps
    }
}

extension CSVColumns.Step {
    fileprivate var isField: Bool {
        if case .field = self { true } else { false }
    }

    fileprivate var name: String {
        if case .field(let name) = self { name } else { "" }
    }
}

extension CSVColumns.Column {
    /// The path without the places in inline arrays.
    fileprivate var place: [CSVColumns.Step] { steps.map { $0.isField ? $0 : .element(0) } }
}

extension CSVColumns.Kind {
    /// Nil for what is neither a number nor a truth value.
    fileprivate init?(of text: String) {
        if text == "true" || text == "false" {
            self = .bool
        } else if Self.isWhole(text) {
            guard Int64(text) != nil else { return nil }
            self = .int64
        } else if let schema = CSVColumns.double, (try? CellContent(parsing: text, as: schema)) != nil {
            self = .double
        } else {
            return nil
        }
    }

    /// Digits, perhaps a minus before them.
    fileprivate static func isWhole(_ text: String) -> Bool {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        return !digits.isEmpty && digits.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// What values of both are; nil if nothing is.
    fileprivate func merged(with other: Self?) -> Self? {
        guard let other, other != self else { return self }
        return self == .bool || other == .bool ? nil : .double
    }
}

import Cellar

/// The part of each element that a path leads to and that is to be changed; the whole element if it has no steps.
struct ChangedPart {
    private let steps: [Step]
    /// The type of the part.
    let schema: Schema

    private enum Step {
        case field(String)
        case element(Int)
    }

    init(_ path: CellPath, in info: CellInfo) throws {
        var (steps, schema): ([Step], Schema) = ([], info.schema)
        for step in path.steps {
            switch (step, schema.shape) {
            case (.field(let name), .structure(let fields)):
                // A tuple's fields have names with a dot in front.
                guard let field = fields.first(where: { $0.name == name || $0.name == "." + name }) else {
                    let names = fields.map(\.name).joined(separator: ", ")
                    throw ToolError(
                        .badData, "'\(path.name)\(path.text)': there is no field '\(name)': there are \(names)")
                }
                steps.append(.field(field.name))
                schema = field.schema
            case (.element(let index), .array(let element, let count)) where index < count:
                steps.append(.element(index))
                schema = element
            case (.element(let index), .simd(let scalar, let lanes)) where index < lanes:
                steps.append(.element(index))
                schema = try Schema(parsing: scalar.rawValue)
            default:
                throw ToolError(
                    .badData, "'\(path.name)\(path.text)' is not one part of a value of the type '\(info.schema)'")
            }
        }
        (self.steps, self.schema) = (steps, schema)
    }

    var isWhole: Bool { steps.isEmpty }

    /// The part of what an element holds.
    func part(of content: CellContent) -> CellContent {
        steps.reduce(content) { content, step in
            switch (step, content) {
            case (.field(let name), .object(let members)): members.first { $0.name == name }?.value ?? content
            case (.element(let index), .list(let values)): values[index]
            default: content
            }
        }
    }

    /// What an element that holds `old` is to hold: an object has only the fields that lead to the part.
    func change(_ old: CellContent, to new: CellContent) -> CellContent { Self.change(old, steps[...], to: new) }

    private static func change(_ old: CellContent, _ steps: ArraySlice<Step>, to new: CellContent) -> CellContent {
        let rest = steps.dropFirst()
        switch (steps.first, old) {
        case (.field(let name)?, .object(let members)):
            let value = members.first { $0.name == name }?.value ?? old
            return .object([CellContent.Member(name: name, value: change(value, rest, to: new))])
        case (.element(let index)?, .list(var values)):
            values[index] = change(values[index], rest, to: new)
            return .list(values)
        default: return new
        }
    }
}

extension CellPath {
    /// The element that a part is in.
    var element: CellPath {
        var path = self
        path.steps = []
        return path
    }
}

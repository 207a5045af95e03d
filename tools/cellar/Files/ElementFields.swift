import Cellar

/// The parts of an element that have no parts themselves, by their paths: the columns of a CSV file.
struct ElementFields {
    struct Field {
        /// `pose.points[3].x`; empty for an element that has no parts.
        var path: String
        var schema: Schema
        fileprivate var steps: [Step]
    }

    fileprivate enum Step {
        case field(String)
        case element(Int)
    }

    let fields: [Field]
    /// More columns than anybody reads.
    static let most = 1 << 12

    init(_ schema: Schema) throws {
        var fields: [Field] = []
        try Self.collect(schema, "", [], &fields)
        self.fields = fields
    }

    /// The columns' names; of an element without parts `value`.
    var names: [String] { fields.map { $0.path.isEmpty ? "value" : $0.path } }

    private static func collect(_ schema: Schema, _ path: String, _ steps: [Step], _ fields: inout [Field]) throws {
        guard fields.count < most else {
            throw ToolError(.badData, "an element has more than \(most) parts: too many for the columns of a CSV file")
        }
        func enter(_ element: Schema, _ count: Int) throws {
            for index in 0..<count {
                try collect(element, path + "[\(index)]", steps + [.element(index)], &fields)
            }
        }
        switch schema.shape {
        case .structure(let parts):
            for part in parts {
                // A tuple's fields have names with a dot in front.
                let name =
                    path.isEmpty && !part.name.hasPrefix(".") || part.name.hasPrefix(".") ? part.name : "." + part.name
                try collect(part.schema, path + name, steps + [.field(part.name)], &fields)
            }
        case .array(let element, let count): try enter(element, count)
        case .simd(let scalar, let lanes): try enter(Schema(parsing: scalar.rawValue), lanes)
        case .scalar, .string, .uuid, .enumeration: fields.append(Field(path: path, schema: schema, steps: steps))
        }
    }

    /// The fields' texts, of what one element holds. Numbers are as JSON has them, text stands as it is.
    func texts(_ content: CellContent) -> [String] {
        fields.map { field in
            let part = field.steps.reduce(content) { content, step in
                switch (step, content) {
                case (.field(let name), .object(let members)): members.first { $0.name == name }?.value ?? content
                case (.element(let index), .list(let values)): values[index]
                default: content
                }
            }
            if case .text(let text) = part { return text }
            let json = part.json
            return json.hasPrefix("\"") ? String(json.dropFirst().dropLast()) : json
        }
    }

    /// The element that has these fields, in the same order.
    func bytes(_ texts: [String], of schema: Schema) throws -> [UInt8] {
        var contents: [CellContent] = []
        for (field, text) in zip(fields, texts) {
            do throws(StoreError) { contents.append(try CellContent(parsing: text, as: field.schema)) } catch {
                let place = field.path.isEmpty ? "" : "field '\(field.path)': "
                throw ToolError(.badData, place + error.message)
            }
        }
        var rest = contents[...]
        return try schema.bytes(of: Self.assemble(schema, &rest))
    }

    private static func assemble(_ schema: Schema, _ rest: inout ArraySlice<CellContent>) -> CellContent {
        switch schema.shape {
        case .structure(let parts):
            .object(parts.map { CellContent.Member(name: $0.name, value: assemble($0.schema, &rest)) })
        case .array(let element, let count): .list((0..<count).map { _ in assemble(element, &rest) })
        case .simd(_, let lanes): .list((0..<lanes).map { _ in rest.removeFirst() })
        case .scalar, .string, .uuid, .enumeration: rest.removeFirst()
        }
    }
}

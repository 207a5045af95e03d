import Cellar

/// Swift source of a type that has a stored schema.
struct SwiftSource {
    /// The declaration, and all those in it.
    private(set) var lines: [String] = []
    /// Where the source cannot be what was stored.
    private(set) var remarks: [String] = []

    /// A struct or an enum of the name; for other types a `typealias`.
    init(_ schema: Schema, name: String) {
        switch schema.shape {
        case .structure(let fields) where !Self.isTuple(fields): declareStruct(name, fields, depth: 0)
        case .enumeration(let size, let cases):
            if let body = EnumerationSource(size: size, cases) {
                lines += body.lines(name: name)
            } else {
                lines.append("typealias \(name) = \(rawEnumeration(size, cases))")
            }
        default:
            var scope = Scope(depth: 0)
            let type = text(schema, called: name + "Element", in: &scope)
            lines += scope.nested.map { $0 } + ["typealias \(name) = \(type)"]
        }
    }

    /// Types that are declared in one struct, before its fields.
    private struct Scope {
        var depth: Int
        var names: Set<String> = []
        var nested: [String] = []
    }

    private static func isTuple(_ fields: [Schema.Field]) -> Bool {
        fields.count > 1 && fields.enumerated().allSatisfy { $1.name == ".\($0)" }
    }

    // MARK: Structs

    private mutating func declareStruct(_ name: String, _ fields: [Schema.Field], depth: Int) {
        var scope = Scope(depth: depth + 1)
        var members: [String] = []
        var end = 0
        for field in fields {
            let aligned = (end + field.schema.alignment - 1) / field.schema.alignment * field.schema.alignment
            if field.offset > aligned {
                members.append("var padding\(end): InlineArray<\(field.offset - end), UInt8>")
                remarks.append("bytes \(end)..<\(field.offset) belong to no field: Swift needs one to leave them out")
            }
            members.append(member(field, in: &scope))
            end = field.offset + field.schema.size
        }
        let indent = String(repeating: "    ", count: depth)
        lines.append("\(indent)struct \(name): BitwiseCopyable {")
        lines += scope.nested
        lines += members.map { "\(indent)    \($0)" }
        lines.append("\(indent)}")
    }

    private mutating func member(_ field: Schema.Field, in scope: inout Scope) -> String {
        let type = text(field.schema, called: field.name, in: &scope)
        if let name = SwiftNames.identifier(field.name) { return "var \(name): \(type)" }
        remarks.append(
            "the field at byte \(field.offset) has a name that Swift cannot have: \(Printable.line(field.name))")
        return "var field\(field.offset): \(type)"
    }

    // MARK: Types

    /// How the type is written; what has no name of its own is declared in the scope, named for what it is called.
    private mutating func text(_ schema: Schema, called name: String, in scope: inout Scope) -> String {
        switch schema.shape {
        case .scalar(let scalar): return Self.name(of: scalar)
        case .simd(let scalar, let lanes): return "SIMD\(lanes)<\(Self.name(of: scalar))>"
        case .string(let capacity): return "InlineString<\(capacity)>"
        case .uuid: return "InlineUUID"
        case .array(let element, let count): return "InlineArray<\(count), \(text(element, called: name, in: &scope))>"
        case .structure(let fields) where Self.isTuple(fields):
            let types = fields.map { text($0.schema, called: name + $0.name.dropFirst(), in: &scope) }
            return "(" + types.joined(separator: ", ") + ")"
        case .structure(let fields):
            let type = newName(name, in: &scope)
            let outer = lines
            lines = []
            declareStruct(type, fields, depth: scope.depth)
            scope.nested += lines
            lines = outer
            return type
        case .enumeration(let size, let cases):
            guard let body = EnumerationSource(size: size, cases) else { return rawEnumeration(size, cases) }
            let type = newName(name, in: &scope)
            let indent = String(repeating: "    ", count: scope.depth)
            scope.nested += body.lines(name: type).map { indent + $0 }
            return type
        }
    }

    private func newName(_ name: String, in scope: inout Scope) -> String {
        let type = SwiftNames.type(for: name, taken: scope.names)
        scope.names.insert(type)
        return type
    }

    /// An enum whose bits no Swift enum has: the number, and what it means.
    private mutating func rawEnumeration(_ size: Int, _ cases: [Schema.Case]) -> String {
        let meanings = cases.map { "\(Printable.line($0.name)) = \($0.bits)" }.joined(separator: ", ")
        remarks.append("an enum of other bits than Swift gives its cases is written as a number: \(meanings)")
        return "UInt\(size * 8)"
    }

    private static func name(of scalar: Schema.Scalar) -> String {
        switch scalar {
        case .int64: "Int"
        case .uint64: "UInt"
        case .float16, .float, .double, .bool: scalar.rawValue.prefix(1).uppercased() + scalar.rawValue.dropFirst()
        case .int8, .int16, .int32, .int128: "I" + scalar.rawValue.dropFirst()
        case .uint8, .uint16, .uint32, .uint128: "UI" + scalar.rawValue.dropFirst(2)
        }
    }
}

/// A Swift enum whose cases have the stored bits: Swift numbers them from 0 in the order in which they are declared.
private struct EnumerationSource {
    private let cases: [Schema.Case]
    private let names: [String]

    /// Nil if no Swift enum is stored so.
    init?(size: Int, _ cases: [Schema.Case]) {
        let sorted = cases.sorted { $0.bits < $1.bits }
        let names = sorted.compactMap { SwiftNames.identifier($0.name) }
        guard cases.count > 1, sorted.enumerated().allSatisfy({ $1.bits == UInt64($0) }), names.count == cases.count,
            size == (cases.count <= 256 ? 1 : 2)
        else { return nil }
        self.cases = sorted
        self.names = names
    }

    func lines(name: String) -> [String] {
        let raw = rawType
        let head = "enum \(name): \(raw.map { $0 + ", " } ?? "")CaseIterable, BitwiseCopyable {"
        let body = zip(cases, names).map { item, name in
            switch raw {
            case nil: "case \(name)"
            case "Int": "case \(name) = \(item.rawValue)"
            default: item.rawValue == item.name ? "case \(name)" : "case \(name) = \(SwiftNames.literal(item.rawValue))"
            }
        }
        return [head] + body.map { "    " + $0 } + ["}"]
    }

    /// What its raw values are, if it has some.
    private var rawType: String? {
        if cases.allSatisfy({ $0.rawValue.isEmpty }) { return nil }
        guard cases.allSatisfy({ item in Int(item.rawValue).map { "\($0)" == item.rawValue } ?? false }) else {
            return "String"
        }
        return "Int"
    }
}

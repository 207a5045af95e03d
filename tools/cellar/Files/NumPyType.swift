import Cellar

/// A type of NumPy's: what the `descr` of an `.npy` file says.
indirect enum NumPyType: Equatable {
    /// A kind (`i`, `u`, `f`, `b`, text `S`, bytes `V`) of so many bytes.
    case plain(Character, Int)
    /// Fields, and the bytes of all together.
    case structure([Field], size: Int)

    struct Field: Equatable {
        var name: String
        var offset: Int
        var type: NumPyArray
    }

    var size: Int {
        switch self {
        case .plain(_, let size), .structure(_, let size): size
        }
    }
}

/// A type, and how many of it there are in each dimension: none for just one.
struct NumPyArray: Equatable {
    var type: NumPyType
    var dimensions: [Int] = []

    var count: Int { dimensions.reduce(1, *) }
    var size: Int { type.size * count }
}

// MARK: From schemas

extension NumPyArray {
    /// What lies in memory as values of the schema do: as many bytes as it takes, or fewer.
    init(_ schema: Schema) {
        switch schema.shape {
        case .scalar(let scalar): self.init(type: NumPyType(scalar))
        case .simd(let scalar, let lanes): self.init(type: NumPyType(scalar), dimensions: [lanes])
        case .string(let capacity):
            self.init(type: .structure(NumPyType.textFields(capacity), size: capacity + 2))
        case .uuid: self.init(type: .plain("V", 16))
        case .enumeration(let size, _): self.init(type: .plain("u", size))
        case .array(let element, let count):
            self = NumPyArray(element).padded(to: element.stride)
            dimensions.insert(count, at: 0)
        case .structure(let fields):
            let fields = fields.map { NumPyType.Field(name: $0.name, offset: $0.offset, type: NumPyArray($0.schema)) }
            self.init(type: .structure(fields, size: schema.size))
        }
    }

    /// The same with unused bytes behind, so that there are so many in all.
    func padded(to size: Int) -> NumPyArray {
        if self.size == size { return self }
        if dimensions.isEmpty, case .structure(let fields, _) = type {
            return NumPyArray(type: .structure(fields, size: size))
        }
        return NumPyArray(type: .structure([.init(name: "value", offset: 0, type: self)], size: size))
    }
}

extension NumPyType {
    fileprivate init(_ scalar: Schema.Scalar) {
        switch scalar {
        case .int8, .int16, .int32, .int64: self = .plain("i", scalar.size)
        case .uint8, .uint16, .uint32, .uint64: self = .plain("u", scalar.size)
        case .float16, .float, .double: self = .plain("f", scalar.size)
        case .bool: self = .plain("b", 1)
        // NumPy has no numbers of that size.
        case .int128, .uint128: self = .plain("V", 16)
        }
    }

    /// What an inline string is: how many bytes, and the bytes.
    fileprivate static func textFields(_ capacity: Int) -> [Field] {
        [
            Field(name: "count", offset: 0, type: NumPyArray(type: .plain("u", 2))),
            Field(name: "text", offset: 2, type: NumPyArray(type: .plain("S", capacity))),
        ]
    }
}

// MARK: To schemas

extension NumPyArray {
    /// The text of a schema with the same parts, which need not lie where they do here; nil if there is none.
    var schemaText: String? {
        guard var text = type.schemaText else { return nil }
        for dimension in dimensions.reversed() { text = "array<\(text), \(dimension)>" }
        return text
    }
}

extension NumPyType {
    fileprivate var schemaText: String? {
        switch self {
        case .plain("i", 1), .plain("i", 2), .plain("i", 4), .plain("i", 8): "int\(size * 8)"
        case .plain("u", 1), .plain("u", 2), .plain("u", 4), .plain("u", 8): "uint\(size * 8)"
        case .plain("f", 2): "float16"
        case .plain("f", 4): "float"
        case .plain("f", 8): "double"
        case .plain("b", 1): "bool"
        case .plain("S", _): "string<\(size)>"
        case .plain("V", 16): "uuid"
        case .plain: nil
        case .structure(let fields, _) where fields == Self.textFields(size - 2): "string<\(size - 2)>"
        case .structure(let fields, _): Self.schemaText(fields)
        }
    }

    private static func schemaText(_ fields: [Field]) -> String? {
        var parts: [(name: String, type: String)] = []
        for field in fields {
            guard let text = field.type.schemaText else { return nil }
            parts.append((field.name, text))
        }
        return StructText.text(parts)
    }
}

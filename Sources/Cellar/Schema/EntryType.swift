/// What a dictionary's keys or values are: plain values, as in cells, or text or bytes of any length.
public enum EntryType: Hashable, Sendable {
    /// Plain values of the schema.
    case plain(Schema)
    /// `String`, in UTF-8.
    case text
    /// `[UInt8]`.
    case bytes

    /// Bytes of a plain value; nil where there may be any number.
    var fixedSize: Int? {
        if case .plain(let schema) = self { return schema.size }
        return nil
    }
}

extension EntryType: CustomStringConvertible {
    /// `string`, `bytes`, or the schema's text; `init(parsing:)` reads it back.
    public var description: String {
        switch self {
        case .plain(let schema): schema.description
        case .text: "string"
        case .bytes: "bytes"
        }
    }

    /// Throws `.invalidValue` for what is no type.
    public init(parsing text: some StringProtocol) throws(StoreError) {
        switch text {
        case "string": self = .text
        case "bytes": self = .bytes
        default: self = .plain(try Schema(parsing: text))
        }
    }
}

extension EntryType {
    /// Throws `.unsupportedType` unless equal keys have equal bytes: bytes between fields can be anything.
    func requireKey() throws(StoreError) {
        guard case .plain(let schema) = self else { return }
        guard schema.size <= Self.maximumKeySize else {
            throw StoreError(
                .unsupportedType,
                "a key of type '\(schema)' has \(schema.size) bytes, and \(Self.maximumKeySize) is the most")
        }
        if schema.hasPadding {
            throw StoreError(
                .unsupportedType,
                "'\(schema)' cannot be a key: there are unused bytes between its fields, so equal keys could differ; put "
                    + "larger fields first, or fill the gaps with fields of your own")
        }
    }

    /// LMDB's limit, less what goes before a key there.
    static let maximumKeySize = 480
}

extension Schema {
    /// Whether some bytes of the type belong to no field.
    var hasPadding: Bool {
        switch shape {
        case .scalar, .enumeration, .string, .uuid: return false
        case .simd(_, let lanes): return lanes == 3
        case .array(let element, _): return element.stride != element.size || element.hasPadding
        case .structure(let fields):
            var end = 0
            for field in fields.sorted(by: { $0.offset < $1.offset }) {
                if field.offset != end || field.schema.hasPadding { return true }
                end = field.offset + field.schema.size
            }
            return end != size
        }
    }
}

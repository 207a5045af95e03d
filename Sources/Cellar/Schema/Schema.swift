/// The self-description of a plain type: what its bytes mean, by kinds, sizes, offsets and field names.
///
/// A schema is a value of its own: derived from a Swift type in one program (`Schema.of`), kept in the store as text,
/// and read back by a program that never saw the type. Two types with the same structure have equal schemas, whatever
/// their names and modules.
public struct Schema: Sendable {
    /// What kind of type.
    public indirect enum Shape: Hashable, Sendable {
        /// A number or `Bool`.
        case scalar(Scalar)
        /// A SIMD vector.
        case simd(Scalar, lanes: Int)
        /// An `InlineString`.
        case string(capacity: Int)
        /// An `InlineUUID`.
        case uuid
        /// An `InlineArray`.
        case array(Schema, count: Int)
        /// An enum without payloads, of so many bytes.
        case enumeration(size: Int, cases: [Case])
        /// A struct, or a tuple with fields ".0", ".1", ….
        case structure([Field])
    }

    /// A number or truth value. The raw value is its name in a schema's text.
    public enum Scalar: String, Hashable, Sendable, CaseIterable {
        /// Integers of so many bits.
        case int8, int16, int32, int64, int128, uint8, uint16, uint32, uint64, uint128
        /// Floating-point numbers and `Bool`.
        case float16, float, double, bool

        /// Bytes, and alignment.
        public var size: Int {
            switch self {
            case .int8, .uint8, .bool: 1
            case .int16, .uint16, .float16: 2
            case .int32, .uint32, .float: 4
            case .int64, .uint64, .double: 8
            case .int128, .uint128: 16
            }
        }
    }

    /// One field of a struct.
    public struct Field: Hashable, Sendable {
        /// As the Swift declaration has it.
        public var name: String
        /// Bytes from the struct's start.
        public var offset: Int
        /// What it is.
        public var schema: Schema
    }

    /// One case of an enum.
    public struct Case: Hashable, Sendable {
        /// As the Swift declaration has it.
        public var name: String
        /// The bytes that stand for it in memory, as a little-endian number.
        public var bits: UInt64
        /// Its raw value as text; empty if it has none.
        public var rawValue: String
    }

    let storage: Storage

    @usableFromInline
    final class Storage: Sendable {
        let shape: Shape
        let size: Int
        let alignment: Int
        let text: String
        let fingerprint: UInt64
        let checks: [SchemaCheck]

        init(shape: Shape, size: Int, alignment: Int) {
            self.shape = shape
            self.size = size
            self.alignment = alignment
            text = SchemaText.text(of: shape)
            fingerprint = text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
            checks = SchemaCheck.checks(of: shape, at: 0)
        }
    }

    /// A schema of the shape; the size and alignment follow from it by Swift's layout rules.
    init(_ shape: Shape) {
        let (size, alignment) = Self.layout(of: shape)
        storage = Storage(shape: shape, size: size, alignment: alignment)
    }

    init(storage: Storage) { self.storage = storage }

    /// What it is made of.
    public var shape: Shape { storage.shape }
    /// Bytes of one value.
    public var size: Int { storage.size }
    /// Distance from one element to the next in an array.
    public var stride: Int { Rounding.up(max(size, 1), to: alignment) }
    /// In bytes, a power of two.
    public var alignment: Int { storage.alignment }
    /// Stable over processes, machines and versions: a hash (FNV-1a) of the canonical text.
    public var fingerprint: UInt64 { storage.fingerprint }
    /// Whether every bit pattern is a value of the type, so that nothing needs checking when one is read.
    public var acceptsAllBits: Bool { storage.checks.isEmpty }
    var checks: [SchemaCheck] { storage.checks }

    private static func layout(of shape: Shape) -> (size: Int, alignment: Int) {
        switch shape {
        case .scalar(let scalar): return (scalar.size, scalar.size)
        case .simd(let scalar, let lanes):
            let size = scalar.size * (lanes == 3 ? 4 : lanes)
            return (size, min(size, 16))  // Swift aligns nothing more strictly
        case .string(let capacity): return (capacity + 2, 2)
        case .uuid: return (16, 1)
        case .array(let element, let count): return (element.stride * count, element.alignment)
        case .enumeration(let size, _): return (size, size)
        case .structure(let fields):
            return (
                fields.map { $0.offset + $0.schema.size }.max() ?? 0, fields.map(\.schema.alignment).max() ?? 1
            )
        }
    }
}

extension Schema: Hashable {
    public static func == (left: Schema, right: Schema) -> Bool {
        left.storage === right.storage
            || (left.fingerprint == right.fingerprint && left.storage.text == right.storage.text)
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}

extension Schema: CustomStringConvertible {
    /// The canonical text, such as `{x: double @0, tag: string<16> @8}`; `init(parsing:)` reads it back.
    public var description: String { storage.text }
}

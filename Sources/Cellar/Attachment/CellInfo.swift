/// What a cell is, without its content.
public struct CellInfo: Sendable, Hashable {
    /// What kind of thing has the name.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A value, an array, a dictionary: ``SharedValue``, ``SharedArray``, ``SharedDictionary``.
        case value, array, dictionary
        /// ``SharedQueue``, ``SharedLog``, ``SharedList``, ``SharedPipe``, ``SharedBlock``.
        case queue, log, list, pipe, block
        /// Locks and signals, by the types of the same names.
        case mutex, semaphore, event, condition, barrier, latch, once
        /// ``SharedRecursiveMutex``.
        case recursiveMutex = "recursive-mutex"
        /// ``SharedReadWriteLock``.
        case readWriteLock = "read-write-lock"
    }

    /// The name that it is asked for by.
    public var name: String
    /// What kind of thing it is.
    public var kind: Kind
    /// The type of the value or of the elements.
    public var schema: Schema
    /// How many elements; 1 for a value.
    public var count: Int
    /// Whether it is on disk.
    public var persistence: Persistence
    /// What a dictionary's keys and values are; nil for other kinds. (`schema` is then that of its values, or of a byte where
    /// those have any length.)
    public var entries: EntryTypes?

    /// What a queue, a lock and so on was made as: its kind and what cannot change; nil for other kinds. (`count` is then the
    /// bytes of its content.)
    public var form: String?

    /// The types of a dictionary's two sides.
    public struct EntryTypes: Sendable, Hashable {
        /// What the keys are.
        public var key: EntryType
        /// What the values are.
        public var value: EntryType
    }

    /// Whether the cell is in shared memory; otherwise only the disk has it.
    public var isInMemory: Bool

    /// Bytes of content; 0 for a dictionary, whose content comes and goes; `Int.max` where a damaged cell is said to have more
    /// elements than there can be.
    public var byteCount: Int {
        switch kind {
        case .dictionary: return 0
        case .value: return schema.size
        case .array: break
        default: return count
        }
        let bytes = schema.stride.multipliedReportingOverflow(by: count)
        return bytes.overflow ? .max : bytes.partialValue
    }
}

/// What somebody who asks for a cell takes it to be; nil is whatever it is.
@usableFromInline
struct CellWish {
    var kind: CellInfo.Kind
    @usableFromInline let type: SchemaKey
    var count: Int?
    var persistence: Persistence?

    @usableFromInline
    init(kind: CellInfo.Kind, type: SchemaKey, count: Int?, persistence: Persistence?) {
        self.kind = kind
        self.type = type
        self.count = count
        self.persistence = persistence
    }

    var schema: Schema { type.schema }

    /// Throws `.mismatch`, saying both sides, unless the cell is what was asked for.
    func check(_ info: CellInfo) throws(StoreError) {
        if kind == info.kind, schema == info.schema, count == nil || count == info.count,
            persistence == nil || persistence == info.persistence
        {
            return
        }
        let wanted = CellWish.describe(kind, schema, count, persistence)
        throw StoreError(
            .mismatch,
            "'\(info.name)' is \(CellWish.describe(info)), and was asked for as \(wanted): use its own type, or another name"
        )
    }

    /// A new array holds zeros: they must be values of its type.
    @usableFromInline
    func requireZeroIsValue() throws(StoreError) {
        let zeros = [UInt8](repeating: 0, count: schema.size)
        do throws(StoreError) {
            unsafe try zeros.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe schema.check(bytes) }
        } catch {
            throw StoreError(
                .unsupportedType,
                "a cell of '\(schema)' would begin with zeros, which are no value of it: give it an initial value, or the "
                    + "enum another first case")
        }
    }

    static func describe(
        _ kind: CellInfo.Kind, _ schema: Schema, _ count: Int?, _ persistence: Persistence?
    ) -> String {
        let what = persistence.map { $0 == .volatile ? "a volatile" : "a persistent" } ?? "a"
        switch kind {
        case .value: return "\(what) value of type \(schema)"
        case .array: return "\(what) array of \(count.map(String.init) ?? "any number of") elements of type \(schema)"
        default: return "\(what) \(kind.rawValue)"
        }
    }
}

extension CellWish {
    static func describe(_ info: CellInfo) -> String {
        if let entries = info.entries { return describe(entries, info.persistence) }
        if let form = info.form { return (info.persistence == .volatile ? "a volatile " : "a persistent ") + form }
        return describe(info.kind, info.schema, info.count, info.persistence)
    }

    static func describe(_ types: CellInfo.EntryTypes, _ persistence: Persistence?) -> String {
        let what = persistence.map { $0 == .volatile ? "a volatile" : "a persistent" } ?? "a"
        return "\(what) dictionary from \(types.key) to \(types.value)"
    }
}

/// The rules for names.
enum CellName {
    /// Throws `.invalidName` unless the name has 1 to 255 bytes of UTF-8 and no control characters.
    static func check(_ name: String) throws(StoreError) {
        let count = name.utf8.count
        if count == 0 { throw StoreError(.invalidName, "a cell's name cannot be empty") }
        if count > SegmentLayout.maximumNameLength {
            throw StoreError(
                .invalidName,
                "the name '\(name.prefix(40))…' has \(count) bytes of UTF-8: a cell's name has at most "
                    + "\(SegmentLayout.maximumNameLength)")
        }
        if name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw StoreError(.invalidName, "the name has a control character in it: use letters, digits and signs")
        }
    }
}

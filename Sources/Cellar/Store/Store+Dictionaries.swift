extension Store {
    /// The dictionary `name`: the one that is there, or a new, empty one.
    ///
    /// With a `capacity`, entries that were not read for long make room for new ones when there are about so many. With
    /// `expires`, entries can be given a time to live. Both are settled when the dictionary is made.
    ///
    /// Throws `.mismatch`, saying both sides, if it has other types or persistence, or is no dictionary; `.invalidName`;
    /// `.unsupportedType`, naming the field: keys with unused bytes between their fields cannot be told apart by their bytes.
    @inlinable
    public func dictionary<Key: BitwiseCopyable & Sendable, Value: BitwiseCopyable & Sendable>(
        _ name: String, keys: Key.Type = Key.self, values: Value.Type = Value.self, capacity: Int? = nil,
        expires: Bool = false, persistence: Persistence = .persistent
    ) throws(StoreError) -> SharedDictionary<Key, Value> {
        try dictionary(name, .plain(try Schema.of(keys)), .plain(try Schema.of(values)), capacity, expires, persistence)
    }

    /// The same with keys that are text or bytes.
    @inlinable
    public func dictionary<Key: VariableBytes, Value: BitwiseCopyable & Sendable>(
        _ name: String, keys: Key.Type = Key.self, values: Value.Type = Value.self, capacity: Int? = nil,
        expires: Bool = false, persistence: Persistence = .persistent
    ) throws(StoreError) -> SharedDictionary<Key, Value> {
        try dictionary(name, Key.entryType, .plain(try Schema.of(values)), capacity, expires, persistence)
    }

    /// The same with values that are text or bytes.
    @inlinable
    public func dictionary<Key: BitwiseCopyable & Sendable, Value: VariableBytes>(
        _ name: String, keys: Key.Type = Key.self, values: Value.Type = Value.self, capacity: Int? = nil,
        expires: Bool = false, persistence: Persistence = .persistent
    ) throws(StoreError) -> SharedDictionary<Key, Value> {
        try dictionary(name, .plain(try Schema.of(keys)), Value.entryType, capacity, expires, persistence)
    }

    /// The same with both.
    @inlinable
    public func dictionary<Key: VariableBytes, Value: VariableBytes>(
        _ name: String, keys: Key.Type = Key.self, values: Value.Type = Value.self, capacity: Int? = nil,
        expires: Bool = false, persistence: Persistence = .persistent
    ) throws(StoreError) -> SharedDictionary<Key, Value> {
        try dictionary(name, Key.entryType, Value.entryType, capacity, expires, persistence)
    }

    @usableFromInline
    func dictionary<Key: Sendable, Value: Sendable>(
        _ name: String, _ key: EntryType, _ value: EntryType, _ capacity: Int?, _ expires: Bool,
        _ persistence: Persistence
    ) throws(StoreError) -> SharedDictionary<Key, Value> {
        precondition(capacity.map { $0 > 0 } ?? true, "a dictionary's capacity is at least 1")
        let core = try attachment.dictionary(
            name, key: key, value: value, expires: expires, capacity: capacity, persistence: persistence)
        return SharedDictionary(core, checked: Self.checked(value), checkedKey: Self.checked(key))
    }

    private static func checked(_ type: EntryType) -> Schema? {
        guard case .plain(let schema) = type, !schema.acceptsAllBits else { return nil }
        return schema
    }
}

// Types of other modules, with each other and with all the rest.
extension Store {
    /// As `dictionary`, with keys of other modules' plain types, such as `UUID`.
    @inlinable
    public func dictionary<Key: PlainBytes, Value: BitwiseCopyable & Sendable>(
        _ name: String, keys: Key.Type = Key.self, values: Value.Type = Value.self, capacity: Int? = nil,
        expires: Bool = false, persistence: Persistence = .persistent
    ) throws(StoreError) -> SharedDictionary<Key, Value> {
        try dictionary(name, try .of(keys), .plain(try Schema.of(values)), capacity, expires, persistence)
    }

    /// The same with values that are text or bytes.
    @inlinable
    public func dictionary<Key: PlainBytes, Value: VariableBytes>(
        _ name: String, keys: Key.Type = Key.self, values: Value.Type = Value.self, capacity: Int? = nil,
        expires: Bool = false, persistence: Persistence = .persistent
    ) throws(StoreError) -> SharedDictionary<Key, Value> {
        try dictionary(name, try .of(keys), Value.entryType, capacity, expires, persistence)
    }

    /// With values of other modules' plain types.
    @inlinable
    public func dictionary<Key: BitwiseCopyable & Sendable, Value: PlainBytes>(
        _ name: String, keys: Key.Type = Key.self, values: Value.Type = Value.self, capacity: Int? = nil,
        expires: Bool = false, persistence: Persistence = .persistent
    ) throws(StoreError) -> SharedDictionary<Key, Value> {
        try dictionary(name, .plain(try Schema.of(keys)), try .of(values), capacity, expires, persistence)
    }

    /// The same with keys that are text or bytes.
    @inlinable
    public func dictionary<Key: VariableBytes, Value: PlainBytes>(
        _ name: String, keys: Key.Type = Key.self, values: Value.Type = Value.self, capacity: Int? = nil,
        expires: Bool = false, persistence: Persistence = .persistent
    ) throws(StoreError) -> SharedDictionary<Key, Value> {
        try dictionary(name, Key.entryType, try .of(values), capacity, expires, persistence)
    }

    /// With both of other modules' types.
    @inlinable
    public func dictionary<Key: PlainBytes, Value: PlainBytes>(
        _ name: String, keys: Key.Type = Key.self, values: Value.Type = Value.self, capacity: Int? = nil,
        expires: Bool = false, persistence: Persistence = .persistent
    ) throws(StoreError) -> SharedDictionary<Key, Value> {
        try dictionary(name, try .of(keys), try .of(values), capacity, expires, persistence)
    }
}

extension Store {
    /// The dictionary `name` through what is on record of it; `.noSuchCell`, `.mismatch` if the name is no dictionary's.
    public func untypedDictionary(_ name: String) throws(StoreError) -> UntypedDictionary {
        let core = try attachment.dictionary(name)
        guard let info = try attachment.info(of: name) else { throw Attachment.noSuchCell(name, in: path) }
        return UntypedDictionary(info, core)
    }

    /// Makes a dictionary of types that are only known by their texts: `string`, `bytes`, or a schema's. `.cellExists` if the
    /// name is taken.
    public func createDictionary(
        _ name: String, key: EntryType, value: EntryType, capacity: Int? = nil, expires: Bool = false,
        persistence: Persistence = .persistent
    ) throws(StoreError) -> UntypedDictionary {
        guard try attachment.info(of: name) == nil else {
            throw StoreError(.cellExists, "there is a cell '\(name)' already: remove it first, or use another name")
        }
        _ = try attachment.dictionary(
            name, key: key, value: value, expires: expires, capacity: capacity, persistence: persistence)
        return try untypedDictionary(name)
    }
}

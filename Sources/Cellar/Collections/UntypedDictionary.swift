/// A dictionary handled through what is on record of it, for programs that do not have its Swift types: the command-line
/// tool. It can be used beside the typed handles.
///
/// Keys and values are given as people write them: numbers and text as they stand, structs as `{x: 1}`, bytes in hexadecimal.
public struct UntypedDictionary: Sendable {
    /// What the dictionary is.
    public let info: CellInfo
    let core: DictionaryCore
    let keys: TableValueShape
    let values: TableValueShape

    init(_ info: CellInfo, _ core: DictionaryCore) {
        self.info = info
        self.core = core
        keys = TableValueShape(parsing: core.type.key.description, kind: .table)
        values = TableValueShape(parsing: core.type.value.description, kind: .table)
    }

    /// About the most entries, beyond which those that were not read for long make room; nil for any number.
    public var capacity: Int? { core.type.capacity == 0 ? nil : Int(clamping: core.type.capacity) }
    /// Whether entries can be given a time to live.
    public var expires: Bool { core.type.expires }

    /// One entry.
    public typealias Entry = UntypedTable.Entry

    /// The key that the text stands for, as entries have it.
    public func key(parsing text: String) throws(StoreError) -> TableContent {
        try keys.content(of: keys.bytes(parsing: text))
    }

    /// The value of the key; nil if there is none. Does not block.
    public func value(for key: String) throws(StoreError) -> TableContent? {
        let key = try keys.bytes(parsing: key)
        let bytes = try unsafe key.span.withUnsafeBytes { (key) throws(StoreError) in try unsafe core.valueBytes(key) }
        return try bytes.map { (bytes) throws(StoreError) in try values.content(of: bytes) }
    }

    /// Sets the key's value. A struct may be given with only the fields to change, if the key has a value. Blocks as
    /// `SharedDictionary.update`.
    public func set(_ value: String, for key: String) throws(StoreError) {
        let key = try keys.bytes(parsing: key)
        do {
            try unsafe key.withUnsafeBytes { key in
                try unsafe core.update(key) { bytes in bytes = try values.bytes(parsing: value, over: bytes) }
            }
        } catch { throw StoreError(wrapping: error) }
    }

    /// Sets the key's value, which counts as gone from a moment on: so many milliseconds since 1970, 0 for never. A struct is
    /// given with all its fields. Throws `.invalidValue` where entries cannot be given a time to live. Blocks as
    /// `SharedDictionary.set`.
    public func set(_ value: String, for key: String, expiresAt moment: UInt64) throws(StoreError) {
        guard expires || moment == 0 else { throw core.cannotExpire }
        let (key, value) = (try keys.bytes(parsing: key), try values.bytes(parsing: value, over: nil))
        unsafe try key.span.withUnsafeBytes { (key) throws(StoreError) in
            unsafe try value.span.withUnsafeBytes { (value) throws(StoreError) in
                unsafe try core.set(key, to: value, expiry: moment)
            }
        }
    }

    /// Removes the key; false if there was none.
    @discardableResult
    public func remove(_ key: String) throws(StoreError) -> Bool {
        let key = try keys.bytes(parsing: key)
        return try unsafe key.span.withUnsafeBytes { (key) throws(StoreError) in try unsafe core.remove(key) } != nil
    }

    /// Whether the dictionary was removed since the handle was made.
    public var isRemoved: Bool { core.isRemoved }

    /// How many entries there are. O(1).
    public func count() throws(StoreError) -> Int { try core.count() }

    /// Calls `body` with each entry, in no order, until it returns false.
    public func forEach(_ body: (Entry) throws -> Bool) throws {
        var failure: (any Error)?
        try core.forEach { (entry) throws(StoreError) in
            do {
                return try body(self.entry(of: entry))
            } catch { failure = error }
            return false
        }
        if let failure { throw failure }
    }

    func entry(of bytes: EntryBytes) throws(StoreError) -> Entry {
        Entry(
            key: try keys.content(of: bytes.key), value: try values.content(of: bytes.value),
            expiresAt: bytes.expiry == 0 ? nil : bytes.expiry)
    }
}

/// A table or multimap handled through what is on record of it, for programs that do not have its Swift types: the
/// command-line tool, an importer. It can be used beside the typed handles.
///
/// Keys and values are given as people write them: numbers and text as they stand, composite keys as JSON lists, structs as
/// `{x: 1}`, bytes in hexadecimal, UUIDs with dashes, dates as seconds since 2001.
public struct UntypedTable: Sendable {
    /// What the table is.
    public let info: TableInfo
    let core: TableCore
    let keys: TableKeyShape
    let values: TableValueShape

    init(_ info: TableInfo, _ core: TableCore) {
        self.info = info
        self.core = core
        keys = TableKeyShape(parsing: info.keyType)
        values = TableValueShape(parsing: info.valueType, kind: info.kind)
    }

    /// One entry: of a multimap, one of a key's values.
    public struct Entry: Hashable, Sendable {
        /// The key.
        public var key: TableContent
        /// The value.
        public var value: TableContent
        /// Milliseconds since 1970 from which on an entry of a dictionary counts as gone; nil for one that stays.
        public internal(set) var expiresAt: UInt64?
    }

    // MARK: One key

    /// The key that the text stands for, as entries have it.
    public func key(parsing text: String) throws(StoreError) -> TableContent {
        try keys.content(of: keys.bytes(parsing: text))
    }

    /// The values of the key: one at most in a table. O(log n + values). Does not block.
    public func values(for key: String) throws(StoreError) -> [TableContent] {
        let bytes = try keys.bytes(parsing: key)
        var found: [TableContent] = []
        try forEachBytes(in: .range(bytes, through: bytes)) { (_, value) throws(StoreError) in
            found.append(try values.content(of: value))
            return true
        }
        return found
    }

    /// Sets the key's value, or adds one to a multimap. A struct may be given with only the fields to change, if the key has
    /// a value. On disk when it returns. Waits as `SharedTable.write`.
    public func set(_ value: String, for key: String) throws(StoreError) {
        let key = try keys.bytes(parsing: key)
        try core.write { (access) throws(StoreError) in
            let old = try info.kind == .table ? find(key, access) : nil
            try put(values.bytes(parsing: value, over: old), for: key, access)
        }
    }

    private func find(_ key: [UInt8], _ access: borrowing TableAccess) throws(StoreError) -> [UInt8]? {
        try unsafe key.span.withUnsafeBytes { (key) throws(StoreError) in
            try unsafe access.find(key).map { unsafe [UInt8]($0) }
        }
    }

    /// (Swift 6.3.1 crashes when it inlines this in a loop.)
    @inline(never)
    private func put(_ value: [UInt8], for key: [UInt8], _ access: borrowing TableAccess) throws(StoreError) {
        try unsafe key.span.withUnsafeBytes { (key) throws(StoreError) in
            try unsafe value.span.withUnsafeBytes { (value) throws(StoreError) in
                switch info.kind {
                case .table: try unsafe access.set(key, count: key.count, to: value)
                case .multimap: _ = try unsafe access.insert(value, for: key)
                }
            }
        }
    }

    /// Sets the values of several keys, or adds them to a multimap, in one transaction: all or none. On disk when it returns.
    /// Waits and throws as `set(_:for:)`; values are given whole.
    public func set(_ entries: [(key: String, value: String)]) throws(StoreError) {
        var found: [(key: [UInt8], value: [UInt8])] = []
        for entry in entries {
            found.append((try keys.bytes(parsing: entry.key), try values.bytes(parsing: entry.value)))
        }
        try core.write { (access) throws(StoreError) in
            for (key, value) in found { try put(value, for: key, access) }
        }
    }

    /// Removes the key with all its values; how many there were. On disk when it returns.
    @discardableResult
    public func remove(_ key: String) throws(StoreError) -> Int {
        let bytes = try keys.bytes(parsing: key)
        var count = 0
        try core.write { (access) throws(StoreError) in
            count = try access.removeAll(from: bytes, upTo: bytes + [0])
        }
        return count
    }

    // MARK: Many entries

    /// How many entries there are. O(1).
    public func count() throws(StoreError) -> Int {
        var count = 0
        try core.read { (access) throws(StoreError) in count = try access.count() }
        return count
    }

    /// How many bytes the table's pages have on disk, with the room that is left in them. Of a multimap, without those of a key
    /// that has very many values. O(1). Does not block.
    public func byteCount() throws(StoreError) -> Int {
        var count = 0
        try core.read { (access) throws(StoreError) in count = try access.byteCount() }
        return count
    }

    /// Which keys: from one on, up to another (that one not included), those that begin so; texts as for `values(for:)`.
    public struct Range: Hashable, Sendable {
        /// The first key; nil: from the beginning.
        public var from: String?
        /// The key before which it ends; nil: to the end.
        public var upTo: String?
        /// Only keys that begin so.
        public var prefix: String?
        /// From the last to the first.
        public var isReversed = false

        /// A range; of everything, if nothing is given.
        public init(from: String? = nil, upTo: String? = nil, prefix: String? = nil, isReversed: Bool = false) {
            self.from = from
            self.upTo = upTo
            self.prefix = prefix
            self.isReversed = isReversed
        }

        /// The same of keys' bytes.
        func bytes(_ keys: TableKeyShape) throws(StoreError) -> TableRange<[UInt8]> {
            var lower = try from.map { (text) throws(StoreError) in try keys.bytes(parsing: text) } ?? []
            var upper = try upTo.map { (text) throws(StoreError) in try keys.bytes(parsing: text) }
            if let prefix {
                let prefix = TableRange<[UInt8]>.prefix(try keys.prefix(parsing: prefix))
                if lower.lexicographicallyPrecedes(prefix.lower) { lower = prefix.lower }
                if let end = prefix.upper, upper.map({ end.lexicographicallyPrecedes($0) }) ?? true { upper = end }
            }
            return TableRange(lower: lower, upper: upper)
        }
    }

    /// Calls `body` with each entry of the range in order, until it returns false. In pieces, each as of one moment, so that a
    /// long walk keeps nothing from being used again.
    public func forEach(in range: Range = Range(), _ body: (Entry) throws -> Bool) throws {
        var failure: (any Error)?
        try forEachBytes(in: try range.bytes(keys), reversed: range.isReversed) {
            (key, value) throws(StoreError) in
            do {
                return try body(Entry(key: keys.content(of: key), value: values.content(of: value)))
            } catch { failure = error }
            return false
        }
        if let failure { throw failure }
    }

    /// What is wrong with the entries, and how many were looked at.
    func check() throws(StoreError) -> ContentFaults {
        var faults = ContentFaults(of: info.name)
        try forEachBytes(in: .all) { (key, value) throws(StoreError) in
            faults.count += 1
            if (try? keys.content(of: key)) == nil {
                faults.add("has a key that is no '\(info.keyType)': \(TableHex.text(key.prefix(32)))")
            } else if (try? values.content(of: value)) == nil {
                faults.add("has a value that is no '\(info.valueType)', of the key \(TableHex.text(key.prefix(32)))")
            }
            return !faults.isEnough
        }
        return faults
    }

    // MARK: Pieces

    private static let piece = 256

    /// Outside of any transaction, so that `body` runs once for each entry.
    private func forEachBytes(
        in range: TableRange<[UInt8]>, reversed: Bool = false,
        _ body: ([UInt8], [UInt8]) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var place: (key: [UInt8], value: [UInt8])?
        while true {
            let entries = try piece(of: range, reversed, after: place)
            for entry in entries where try !body(entry.key, entry.value) { return }
            guard entries.count == Self.piece else { return }
            place = entries.last
        }
    }

    private func piece(
        of range: TableRange<[UInt8]>, _ reversed: Bool, after place: (key: [UInt8], value: [UInt8])?
    ) throws(StoreError) -> [(key: [UInt8], value: [UInt8])] {
        var found: [(key: [UInt8], value: [UInt8])] = []
        // The same key again where it may have more values.
        let lower = place.map { reversed ? range.lower : $0.key } ?? range.lower
        let upper = place.map { reversed ? $0.key + [0] : range.upper } ?? range.upper
        try core.read { (access) throws(StoreError) in
            found = []
            var cursor = try access.cursor(from: lower, upTo: upper, reversed: reversed)
            defer { cursor.close() }
            while found.count < Self.piece, cursor.advance() {
                let (key, value) = unsafe ([UInt8](cursor.key.bytes), [UInt8](cursor.value.bytes))
                if let place, place.key == key, isBehind(value, place.value, reversed) { continue }
                found.append((key, value))
            }
            try cursor.check()
        }
        return found
    }

    /// Whether the value was there in the piece before.
    private func isBehind(_ value: [UInt8], _ last: [UInt8], _ reversed: Bool) -> Bool {
        info.kind == .table || value == last
            || (reversed ? last.lexicographicallyPrecedes(value) : value.lexicographicallyPrecedes(last))
    }
}

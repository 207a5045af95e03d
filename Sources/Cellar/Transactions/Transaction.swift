/// Changes to values, elements, entries and tables that are made together, or not at all, while `Store.transaction` runs.
///
/// What it reads is as it left it itself, else as it is; what it changes, nobody else sees before the whole is committed. It
/// must not leave the closure it is lent to. Everything throws `.closed` afterwards, `.mismatch` for things of other stores,
/// `.removed`, and `.readOnly` where a cell cannot be changed.
///
/// A throw of one of these is no reason to go on: where the transaction has to begin again, that is how it gets out of the
/// closure. One that is swallowed changes nothing, the closure runs again all the same.
public struct Transaction: ~Copyable {
    @usableFromInline let core: TransactionCore

    @usableFromInline
    init(_ core: TransactionCore) { self.core = core }

    /// Lends a transaction to `body`. (Swift 6.3.1 crashes when it inlines this.)
    @inlinable @inline(never)
    static func lend<Result>(
        _ core: TransactionCore, _ body: (borrowing Transaction) throws -> Result
    ) throws -> Result {
        try body(Transaction(core))
    }

    // MARK: Values

    /// The value. O(1). Takes no lock. Throws `.invalidValue` as `SharedValue.load`.
    @inlinable
    public func load<Value>(_ value: SharedValue<Value>) throws(StoreError) -> Value { try core.load(value) }

    /// Has the value be another one.
    @inlinable
    public func store<Value>(_ newValue: Value, to value: SharedValue<Value>) throws(StoreError) {
        try unsafe withUnsafeBytes(of: newValue) { (bytes) throws(StoreError) in
            try unsafe core.set(
                value.cell, of: value.attachment,
                to: UnsafeRawBufferPointer(rebasing: bytes[..<MemoryLayout<Value>.size]))
        }
    }

    /// Changes the value by what it is. Returns what `change` returns.
    @inlinable @discardableResult
    public func update<Value, Result>(
        _ value: SharedValue<Value>, _ change: (inout Value) throws -> Result
    ) throws -> Result {
        var current = try load(value)
        let result = try change(&current)
        try store(current, to: value)
        return result
    }

    // MARK: Elements

    /// The element at an index. O(1). Takes no lock.
    @inlinable
    public func load<Element>(_ array: SharedArray<Element>, at index: Int) throws(StoreError) -> Element {
        try core.load(array, at: index)
    }

    /// Has an element be another one. The array's lock is taken when the transaction commits.
    @inlinable
    public func store<Element>(
        _ newElement: Element, to array: SharedArray<Element>, at index: Int
    ) throws(StoreError) {
        array.checkIndex(index)
        try unsafe withUnsafeBytes(of: newElement) { (bytes) throws(StoreError) in
            try unsafe core.set(
                index, of: array.cell, of: array.attachment,
                to: UnsafeRawBufferPointer(rebasing: bytes[..<MemoryLayout<Element>.size]))
        }
    }

    // MARK: Entries of dictionaries

    /// The value of a key; nil if there is none. O(1) expected.
    @inlinable
    public func value<Key, Value>(
        for key: Key, in dictionary: SharedDictionary<Key, Value>
    ) throws(StoreError) -> Value? {
        try core.value(for: key, in: dictionary)
    }

    /// Sets the value of a key. Limits and time to live are as in `SharedDictionary.set`; that part of the dictionary is locked
    /// when the transaction commits.
    @inlinable
    public func set<Key, Value>(
        _ value: Value, for key: Key, in dictionary: SharedDictionary<Key, Value>, timeToLive: Duration? = nil
    ) throws(StoreError) {
        try unsafe EntryCodec.withBytes(of: key) { (key) throws(StoreError) in
            try unsafe EntryCodec.withBytes(of: value) { (value) throws(StoreError) in
                try unsafe core.set(key, in: dictionary.core, to: value, timeToLive: timeToLive)
            }
        }
    }

    /// Removes an entry; returns its value, nil if there was none.
    @inlinable @discardableResult
    public func removeValue<Key, Value>(
        for key: Key, in dictionary: SharedDictionary<Key, Value>
    ) throws(StoreError) -> Value? {
        guard let old = try value(for: key, in: dictionary) else { return nil }
        try unsafe EntryCodec.withBytes(of: key) { (key) throws(StoreError) in
            try unsafe core.set(key, in: dictionary.core, to: nil, timeToLive: nil)
        }
        return old
    }

    // MARK: Tables

    /// Runs `body` on a table inside the transaction: its changes are made with all others, and on disk when the transaction
    /// returns. Waits for the store's one writer to disk; where the transaction began without, it begins again.
    @inlinable
    public func write<Key, Value, Result>(
        _ table: SharedTable<Key, Value>,
        _ body: (borrowing TableBatch<Key, Value>) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try body(TableBatch(try core.accessToChange(table.core), table.codec))
    }

    /// The same for a multimap.
    public func write<Key, Value, Result>(
        _ table: SharedMultimap<Key, Value>,
        _ body: (borrowing MultimapBatch<Key, Value>) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try body(MultimapBatch(try core.accessToChange(table.core)))
    }

    /// The value of a table's key; nil if there is none. O(log n).
    @inlinable
    public func value<Key, Value>(for key: Key, in table: SharedTable<Key, Value>) throws(StoreError) -> Value? {
        try TableBatch(try core.access(table.core), table.codec).value(for: key)
    }

    /// Sets the value of a table's key. O(log n).
    @inlinable
    public func set<Key, Value>(
        _ value: Value, for key: Key, in table: SharedTable<Key, Value>
    ) throws(StoreError) {
        try write(table) { (batch) throws(StoreError) in try batch.set(value, for: key) }
    }

    /// Removes a table's entry; false if there was none. O(log n).
    @inlinable @discardableResult
    public func remove<Key, Value>(_ key: Key, from table: SharedTable<Key, Value>) throws(StoreError) -> Bool {
        try write(table) { (batch) throws(StoreError) in try batch.remove(key) }
    }
}

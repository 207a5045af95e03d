/// Several things as of one instant, while `Store.snapshot` runs.
///
/// It must not leave the closure it is lent to. Everything throws `.closed` afterwards, and `.mismatch` for things of other
/// stores. A throw of one of these may only mean that the closure is to run again: let it out.
public struct Snapshot: ~Copyable {
    @usableFromInline let core: TransactionCore

    @usableFromInline
    init(_ core: TransactionCore) { self.core = core }

    /// Lends a snapshot to `body`. (Swift 6.3.1 crashes when it inlines this.)
    @inlinable @inline(never)
    static func lend<Result>(
        _ core: TransactionCore, _ body: (borrowing Snapshot) throws -> Result
    ) throws -> Result {
        try body(Snapshot(core))
    }

    /// A value. O(1). Takes no lock.
    @inlinable
    public func load<Value>(_ value: SharedValue<Value>) throws(StoreError) -> Value { try core.load(value) }

    /// An element. O(1). Takes no lock.
    @inlinable
    public func load<Element>(_ array: SharedArray<Element>, at index: Int) throws(StoreError) -> Element {
        try core.load(array, at: index)
    }

    /// The value of a dictionary's key; nil if there is none. O(1) expected.
    @inlinable
    public func value<Key, Value>(
        for key: Key, in dictionary: SharedDictionary<Key, Value>
    ) throws(StoreError) -> Value? {
        try core.value(for: key, in: dictionary)
    }

    /// Runs `body` on a table as of the same instant.
    @inlinable
    public func read<Key, Value, Result>(
        _ table: SharedTable<Key, Value>,
        _ body: (borrowing TableSnapshot<Key, Value>) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try body(TableSnapshot(try core.access(table.core), table.codec))
    }

    /// The same for a multimap.
    public func read<Key, Value, Result>(
        _ table: SharedMultimap<Key, Value>,
        _ body: (borrowing MultimapSnapshot<Key, Value>) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try body(MultimapSnapshot(try core.access(table.core)))
    }

    /// The value of a table's key; nil if there is none. O(log n).
    @inlinable
    public func value<Key, Value>(for key: Key, in table: SharedTable<Key, Value>) throws(StoreError) -> Value? {
        try read(table) { (snapshot) throws(StoreError) in try snapshot.value(for: key) }
    }
}

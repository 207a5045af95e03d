/// Tells a task, each time, that a table or multimap changed since it last came: first at once, then after each change.
///
/// A slow reader is told once of many changes, and never misses that there was one after its last look. What it is told
/// may now and then have been no change: another table's, one that was undone, or none, after a process died. Ends when
/// the task is cancelled, the table removed or the store closed. Waiting blocks no thread.
///
/// Whoever commits a change makes a system call for it only where somebody waits. A process that only looks cannot ask to be
/// told: it looks each 1 to 50 ms, and is told of all that is committed to the store.
public struct TableChanges: AsyncSequence, Sendable {
    public typealias Element = CellVersion
    public typealias Failure = StoreError

    let watch: TableWatch

    public func makeAsyncIterator() -> Iterator { Iterator(watch: watch) }

    /// Goes through the changes.
    public struct Iterator: AsyncIteratorProtocol {
        private var cursor: ChangeCursor<TableWatch>

        init(watch: TableWatch) { cursor = ChangeCursor(watch) }

        /// The version after the next change; nil at the end.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(StoreError) -> CellVersion? {
            try await cursor.next(isolation: actor)
        }

        public mutating func next() async throws(StoreError) -> CellVersion? { try await next(isolation: #isolation) }
    }
}

extension SharedTable {
    /// Changes from now on, for one task that waits for them. See `TableChanges`.
    public var changes: TableChanges { TableChanges(watch: TableWatch(core: core)) }

    /// How far the table changed up to now: to read from it, and then wait for what comes after.
    public func version() throws(StoreError) -> CellVersion { try TableWatch(core: core).version() }

    /// Waits until the table was changed after the version; returns the version it is at then, or nil if it was not within
    /// `timeout`. Now and then it was not changed at all: see `TableChanges`. Blocks its thread; not to be called inside `read`
    /// or `write`. Throws `.removed`, `.closed`.
    public func wait(after version: CellVersion, timeout: Duration) throws(StoreError) -> CellVersion? {
        try TableWatch(core: core).wait(after: version, timeout: timeout)
    }
}

extension SharedMultimap {
    /// Changes from now on, for one task that waits for them. See `TableChanges`.
    public var changes: TableChanges { TableChanges(watch: TableWatch(core: core)) }

    /// How far the multimap changed up to now: to read from it, and then wait for what comes after.
    public func version() throws(StoreError) -> CellVersion { try TableWatch(core: core).version() }

    /// Waits until the multimap was changed after the version; returns the version it is at then, or nil if it was not within
    /// `timeout`. Now and then it was not changed at all: see `TableChanges`. Blocks its thread; not to be called inside `read`
    /// or `write`. Throws `.removed`, `.closed`.
    public func wait(after version: CellVersion, timeout: Duration) throws(StoreError) -> CellVersion? {
        try TableWatch(core: core).wait(after: version, timeout: timeout)
    }
}

extension UntypedTable {
    /// Changes from now on, for one task that waits for them. See `TableChanges`.
    public var changes: TableChanges { TableChanges(watch: TableWatch(core: core)) }

    /// How far the table changed up to now: to read from it, and then wait for what comes after.
    public func version() throws(StoreError) -> CellVersion { try TableWatch(core: core).version() }

    /// Waits until the table was changed after the version; returns the version it is at then, or nil if it was not within
    /// `timeout`. Now and then it was not changed at all: see `TableChanges`. Blocks its thread; not to be called inside `read`
    /// or `write`. Throws `.removed`, `.closed`.
    public func wait(after version: CellVersion, timeout: Duration) throws(StoreError) -> CellVersion? {
        try TableWatch(core: core).wait(after: version, timeout: timeout)
    }
}

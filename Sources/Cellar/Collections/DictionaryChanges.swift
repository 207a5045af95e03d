/// Tells a task, each time, that a dictionary changed since it last came: first at once, then after each change.
///
/// A slow reader is told once of many changes, and never misses that there was one after its last look. Ends when the task is
/// cancelled, the dictionary removed or the store closed. Waiting blocks no thread.
public struct DictionaryChanges: AsyncSequence, Sendable {
    public typealias Element = CellVersion
    public typealias Failure = StoreError

    let watch: DictionaryWatch

    public func makeAsyncIterator() -> Iterator { Iterator(watch: watch) }

    /// Goes through the changes.
    public struct Iterator: AsyncIteratorProtocol {
        private var cursor: ChangeCursor<DictionaryWatch>

        init(watch: DictionaryWatch) { cursor = ChangeCursor(watch) }

        /// The version after the next change; nil at the end.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(StoreError) -> CellVersion? {
            try await cursor.next(isolation: actor)
        }

        public mutating func next() async throws(StoreError) -> CellVersion? { try await next(isolation: #isolation) }
    }
}

extension SharedDictionary {
    /// Changes from now on, for one task that waits for them. See `DictionaryChanges`. `.readOnly` in a process that only
    /// looks: it is not told of changes.
    public var changes: DictionaryChanges {
        get throws(StoreError) { DictionaryChanges(watch: try core.watch()) }
    }

    /// How far the dictionary changed up to now: to read from it, and then wait for what comes after.
    public func version() throws(StoreError) -> CellVersion { try core.watch().version() }

    /// Waits until the dictionary was changed after the version; returns the version it is at then, or nil if it was not within
    /// `timeout`. Blocks its thread. Throws `.removed`, `.closed`, `.readOnly`.
    public func wait(after version: CellVersion, timeout: Duration) throws(StoreError) -> CellVersion? {
        try core.watch().wait(after: version, timeout: timeout)
    }
}

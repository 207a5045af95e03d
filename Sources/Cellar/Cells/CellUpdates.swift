/// What changes in a cell, as element ranges: first all that is watched, then, each time, what changed since.
///
/// Ranges are of the pieces of 64 KiB that are watched as one, so they say where to look, and not that each element is
/// another. A slow reader gets what changed since it last came, in one. Ends when the task is cancelled, the cell removed or
/// the store closed.
///
/// Waiting blocks no thread. A read-only process is not told of changes: it looks at all that is watched each 1 to 50 ms,
/// or as often as a tenth of a processor's time allows.
public struct CellUpdates: AsyncSequence, Sendable {
    public typealias Element = [Range<Int>]
    public typealias Failure = StoreError

    let watch: CellWatch

    public func makeAsyncIterator() -> Iterator { Iterator(watch: watch) }

    /// Goes through the changes.
    public struct Iterator: AsyncIteratorProtocol {
        let watch: CellWatch
        private var last: CellVersion?

        init(watch: CellWatch) { self.watch = watch }

        /// What changed next; nil at the end.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(StoreError) -> [Range<Int>]? {
            do throws(StoreError) {
                if let last, try await !watch.waitForChange(after: last) { return nil }
                let now = try watch.version()
                let changes = watch.changes(from: last ?? CellVersion(firstChunk: 0, numbers: []), to: now)
                last = now
                return changes.ranges
            } catch {
                if error.code == .removed || error.code == .closed { return nil }
                throw error
            }
        }

        public mutating func next() async throws(StoreError) -> [Range<Int>]? { try await next(isolation: #isolation) }
    }
}

extension SharedArray {
    private func watch(_ range: Range<Int>?) -> CellWatch {
        let range = range ?? indices
        checkRange(range)
        precondition(!range.isEmpty, "an empty range never changes")
        return CellWatch(array: cell, elements: range, image: image, attachment)
    }

    /// Where the array changes from now on, for one task that waits for it. See `CellUpdates`.
    public var updates: CellUpdates { CellUpdates(watch: watch(nil)) }

    /// Where elements in the range, and those beside it that are in the same 64 KiB, change from now on.
    public func updates(in range: Range<Int>) -> CellUpdates { CellUpdates(watch: watch(range)) }

    /// How far the array, or the elements in the range, changed up to now: to read them, and then wait for what comes
    /// after. Until a chunk changes, who changes it next tells. O(chunks), and a barrier on all processors.
    public func version(of range: Range<Int>? = nil) throws(StoreError) -> CellVersion { try watch(range).version() }

    /// Waits until elements that the version is of were changed after it, and returns which; nil if none was within
    /// `timeout`. Blocks its thread, and throws, as `SharedValue.wait`.
    public func wait(after version: CellVersion, timeout: Duration) throws(StoreError) -> CellChanges? {
        try watch(nil).changes(after: version, until: MonotonicClock.deadline(after: timeout))
    }
}

extension UntypedCell {
    /// Where the cell changes from now on, for one task that waits for it: `0..<1` for a value. See `CellUpdates`.
    public var updates: CellUpdates { CellUpdates(watch: watch) }

    /// How far the cell changed up to now: to read it, and then wait for what comes after. See `SharedValue.versioned`.
    public func version() throws(StoreError) -> CellVersion { try watch.version() }

    /// Waits until the cell was changed after the version, and returns where; nil if it was not within `timeout`. Blocks
    /// its thread, and throws, as `SharedValue.wait`.
    public func wait(after version: CellVersion, timeout: Duration) throws(StoreError) -> CellChanges? {
        try watch.changes(after: version, until: MonotonicClock.deadline(after: timeout))
    }
}

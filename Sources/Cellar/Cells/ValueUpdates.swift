/// A value, and how far it had changed when it was read.
public struct Versioned<Value> {
    /// What the cell held.
    public let value: Value
    /// What to wait after: `wait(after:timeout:)`.
    public let version: CellVersion
}

extension Versioned: Sendable where Value: Sendable {}
extension Versioned: Equatable where Value: Equatable {}

/// The values that a cell holds, one after the other: first the one it has now, then, each time it was changed, the one
/// it has then.
///
/// A slow reader skips what was replaced before it came, and never misses the last one. What is stored without being
/// another value is no change up to 8 bytes; of larger values each store is one, and one may come twice. Ends when the task
/// is cancelled, the cell removed or the store closed. Throws `.invalidValue` as `load` does.
///
/// Waiting blocks no thread. Writers are asked to tell of the next change only by who is about to wait. A read-only process
/// cannot ask: it looks each 1 to 50 ms.
public struct ValueUpdates<Value: BitwiseCopyable>: AsyncSequence {
    public typealias Element = Value
    public typealias Failure = StoreError

    let cell: SharedValue<Value>

    public func makeAsyncIterator() -> Iterator { Iterator(cell: cell) }

    /// Goes through the values.
    public struct Iterator: AsyncIteratorProtocol {
        let cell: SharedValue<Value>
        private var last: CellVersion?

        init(cell: SharedValue<Value>) { self.cell = cell }

        /// The value after the next change; nil at the end.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(StoreError) -> Value? {
            do throws(StoreError) {
                if let last, try await !cell.watch.waitForChange(after: last) { return nil }
                let now = try cell.versioned()
                last = now.version
                return now.value
            } catch {
                if error.code == .removed || error.code == .closed { return nil }
                throw error
            }
        }

        public mutating func next() async throws(StoreError) -> Value? { try await next(isolation: #isolation) }
    }
}

extension ValueUpdates: Sendable where Value: Sendable {}

extension SharedValue {
    var watch: CellWatch { CellWatch(value: cell, image: image, attachment) }

    /// The values that the cell holds from now on, as they change, for one task that waits for them. See `ValueUpdates`.
    public var updates: ValueUpdates<Value> { ValueUpdates(cell: self) }

    /// The value now, with its version, for `wait(after:timeout:)`.
    ///
    /// Takes no lock. Throws `.removed`, `.closed`, and as `load`.
    public func versioned() throws(StoreError) -> Versioned<Value> {
        let watch = watch
        guard Self.fitsInWord else {
            let version = try watch.version()
            return Versioned(value: try load(), version: version)
        }
        try watch.checkWatchable()
        let word = cell.word.acquire()
        let number = CellWatch.number(ofWord: word, size: cell.size)
        return Versioned(
            value: try Self.value(ofWord: word, checked), version: CellVersion(firstChunk: 0, numbers: [number]))
    }

    /// Waits until the value was changed after the version, and returns what it is then; nil if it was not within
    /// `timeout`. Returns at once if it was changed already. What was replaced meanwhile is skipped; the last is not.
    ///
    /// Blocks its thread: looks for some microseconds, where that has paid before, then asks writers to tell (a barrier on all
    /// processors, about a microsecond) and sleeps. Whoever changes the value next makes a system call, once. Throws `.removed` and
    /// `.closed` (of a store that is closed meanwhile, too), and as `load`. In a read-only process see `ValueUpdates`.
    public func wait(after version: CellVersion, timeout: Duration) throws(StoreError) -> Versioned<Value>? {
        let deadline = MonotonicClock.deadline(after: timeout)
        guard try watch.waitForChange(after: version, until: deadline) else { return nil }
        return try versioned()
    }
}

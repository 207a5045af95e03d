/// A named block of raw memory that any number of processes read and write: for frames, buffers, and what has a form of
/// its own. It begins at a multiple of 64 bytes.
///
/// Writing is in place, under the block's lock, and copies nothing. Reading takes no lock: in place, with an answer whether
/// somebody wrote meanwhile, or by a copy of one moment. Each write is a generation.
///
/// If a process dies while it writes, readers and writers get `.ownerDied` until somebody writes the whole block anew; it is
/// kept from the disk for as long. On disk a block is kept in chunks of 64 KiB; a checkpoint writes those that changed.
public struct SharedBlock: Sendable {
    let core: BlockCore

    init(_ core: BlockCore) { self.core = core }

    /// How many bytes.
    public var byteCount: Int { core.byteCount }
    /// Whether the block was removed since the handle was made.
    public var isRemoved: Bool { core.isRemoved }
    /// How often the block was written. Begins at 0 when it comes into memory.
    public var generation: UInt64 { core.generation }

    /// Waits until the block, and everything else stored before, is on disk. See `Store.sync`.
    public func sync(timeout: Duration = .seconds(30)) throws(StoreError) { try core.attachment.sync(timeout: timeout) }

    // MARK: Writing

    /// Runs `body` on the bytes in `range`, or all, in place, while nobody else has the block's lock. What is in the range is
    /// then one generation further, whether `body` throws or not.
    ///
    /// Where a process died writing, throws `.ownerDied` unless `repairs` is true and there is no range: then `body` has to see to it
    /// that all of the block is as it should be; if it throws, the block stays half written. Blocks; throws `.timedOut`, naming the holder, after `timeout` (the store's `lockTimeout` if
    /// nil); `.readOnly`, `.removed`, `.closed`; and what `body` throws. Not recursive.
    public func withUnsafeMutableBytes<Result>(
        in range: Range<Int>? = nil, repairs: Bool = false, timeout: Duration? = nil,
        _ body: (UnsafeMutableRawBufferPointer) throws -> Result
    ) throws -> Result {
        let range = range ?? 0..<byteCount
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "the range is out of the block's bounds")
        return unsafe try core.write(range, repairs: repairs, timeout, body)
    }

    /// Replaces all of the block; also what a process left half written. Throws as `withUnsafeMutableBytes`. O(n).
    public func write(_ bytes: RawSpan, timeout: Duration? = nil) throws(StoreError) {
        precondition(bytes.byteCount == byteCount, "a block is written whole")
        do {
            unsafe try core.write(0..<byteCount, repairs: true, timeout) { target in
                unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
            }
        } catch { throw StoreError(wrapping: error) }
    }

    /// Replaces all of the block; see `write(_:timeout:)`.
    public func write(_ bytes: [UInt8], timeout: Duration? = nil) throws(StoreError) {
        unsafe try write(bytes.span.bytes, timeout: timeout)
    }

    // MARK: Reading

    /// Runs `body` on the bytes in place, without a lock, and returns what it returns; nil if somebody began to write meanwhile:
    /// what it saw is then not of one moment, and it should trust nothing it saw before this returns.
    ///
    /// Waits for a writer that is at it as long as `timeout` (the store's `lockTimeout` if nil). Throws `.timedOut`, naming
    /// the writer; `.ownerDied` if one died writing; `.removed`, `.closed`; and what `body` throws.
    public func withBytes<Result>(timeout: Duration? = nil, _ body: (RawSpan) throws -> Result) throws -> Result? {
        try core.read(timeout, body)
    }

    /// A copy of the bytes, as of one moment. Takes the lock only where others wrote again and again meanwhile. Waits and
    /// throws as `withBytes`. O(n).
    public func bytes(timeout: Duration? = nil) throws(StoreError) -> [UInt8] { try versioned(timeout: timeout).bytes }

    /// The same, with the generation it is of.
    public func versioned(timeout: Duration? = nil) throws(StoreError) -> (bytes: [UInt8], generation: UInt64) {
        var result = [UInt8](repeating: 0, count: byteCount)
        var span = result.mutableSpan
        let generation = try unsafe span.withUnsafeMutableBufferPointer { (buffer) throws(StoreError) in
            unsafe try core.copyOut(to: UnsafeMutableRawPointer(buffer.baseAddress!), timeout)
        }
        return (result, generation)
    }

    /// Copies the bytes, as of one moment, to memory that has as many; returns the generation. Waits and throws as
    /// `withBytes`. O(n).
    @discardableResult
    public func read(
        into target: UnsafeMutableRawBufferPointer, timeout: Duration? = nil
    ) throws(StoreError) -> UInt64 {
        precondition(target.count == byteCount, "a block is read whole")
        return unsafe try core.copyOut(to: target.baseAddress!, timeout)
    }

    // MARK: Waiting

    /// Waits until the block was written after the generation, and returns the one it is then; nil if it was not within
    /// `timeout`. Returns at once if it was written already. Blocks its thread; throws `.removed`, `.closed`.
    public func wait(afterGeneration generation: UInt64, timeout: Duration) throws(StoreError) -> UInt64? {
        let deadline = MonotonicClock.deadline(after: timeout)
        return try BlockWatch(core: core).waitForChange(after: generation, until: deadline) ? core.generation : nil
    }

    /// The generations of the block from now on, first the one it has, for a task that waits for them. Blocks no thread.
    public var changes: BlockChanges { BlockChanges(core: core) }
}

/// The generations of a block, one after the other: first the one it has now, then, each time it was written, the one it has
/// then. What was written over before anybody looked is skipped, the last is not. Ends when the task is cancelled, the block
/// removed or the store closed.
public struct BlockChanges: AsyncSequence, Sendable {
    public typealias Element = UInt64
    public typealias Failure = StoreError

    let core: BlockCore

    public func makeAsyncIterator() -> Iterator { Iterator(core: core) }

    /// Goes through the generations.
    public struct Iterator: AsyncIteratorProtocol {
        let core: BlockCore
        private var last: UInt64?

        init(core: BlockCore) { self.core = core }

        /// The generation after the next write; nil at the end.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(StoreError) -> UInt64? {
            do throws(StoreError) {
                if let last, try await !BlockWatch(core: core).waitForChange(after: last) { return nil }
                last = core.generation
                return last
            } catch {
                if error.code == .removed || error.code == .closed { return nil }
                throw error
            }
        }

        public mutating func next() async throws(StoreError) -> UInt64? { try await next(isolation: #isolation) }
    }
}

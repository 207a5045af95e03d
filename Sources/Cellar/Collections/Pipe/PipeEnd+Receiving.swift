extension PipeEnd {
    /// Lends the next message to `body`, in place and beginning at a multiple of 8, and takes it out of the pipe when `body`
    /// returns; if `body` throws, it stays the next one. Nil at the end: the other end is gone, and all it sent was received.
    /// No other thread of this process receives meanwhile.
    ///
    /// Waits for a message as long as `timeout`, or without limit. Throws `.timedOut`, `.closed`, `.removed`,
    /// `.corruptSegment`, and what `body` throws. O(1), and what `body` does.
    @inlinable
    public func receive<Result>(timeout: Duration? = nil, _ body: (RawSpan) throws -> Result) throws -> Result? {
        guard let message = unsafe try core.look(timeout) else { return nil }
        return unsafe try take(message, body)
    }

    /// The next message, copied; nil at the end. Waits and throws as `receive(timeout:_:)`. O(n).
    public func receive(timeout: Duration? = nil) throws(StoreError) -> [UInt8]? {
        guard let message = unsafe try core.look(timeout) else { return nil }
        defer { core.consume() }
        return unsafe Array(message)
    }

    /// The next message, as a plain value; nil at the end. Waits and throws as `receive(timeout:_:)`; also `.mismatch` if the
    /// message has another number of bytes, and `.invalidValue` if they are no value of the type: it stays the next one then.
    @inlinable
    public func receive<Message: BitwiseCopyable>(
        as type: Message.Type = Message.self, timeout: Duration? = nil
    ) throws(StoreError) -> Message? {
        let key = try SchemaKey.of(type)
        guard let message = unsafe try core.look(timeout) else { return nil }
        return unsafe try take(message, key, as: type)
    }

    /// The next message, copied, if there is one now and no other thread is receiving; else nil, at the end too.
    public func tryReceive() throws(StoreError) -> [UInt8]? {
        guard let message = unsafe try core.lookNow() else { return nil }
        defer { core.consume() }
        return unsafe Array(message)
    }

    /// The next message, as a plain value, if there is one now and no other thread is receiving; else nil, at the end too. Throws
    /// as `receive(as:timeout:)`.
    @inlinable
    public func tryReceive<Message: BitwiseCopyable>(as type: Message.Type) throws(StoreError) -> Message? {
        let key = try SchemaKey.of(type)
        guard let message = unsafe try core.lookNow() else { return nil }
        return unsafe try take(message, key, as: type)
    }

    @inlinable @unsafe
    func take<Result>(_ message: UnsafeRawBufferPointer, _ body: (RawSpan) throws -> Result) throws -> Result {
        do {
            let result = unsafe try body(message.bytes)
            core.consume()
            return result
        } catch {
            core.cancelReceive()
            throw error
        }
    }

    @inlinable @unsafe
    func take<Message: BitwiseCopyable>(
        _ message: UnsafeRawBufferPointer, _ key: SchemaKey, as type: Message.Type
    ) throws(StoreError) -> Message {
        do throws(StoreError) {
            guard message.count == MemoryLayout<Message>.size else {
                throw core.mismatch(message.count, key)
            }
            // A copy first: the other end may write while this is checked.
            return try unsafe withUnsafeTemporaryAllocation(
                byteCount: MemoryLayout<Message>.stride, alignment: MemoryLayout<Message>.alignment
            ) { (copy) throws(StoreError) -> Message in
                unsafe copy.copyMemory(from: message)
                if !key.acceptsAllBits {
                    try unsafe key.schema.check(UnsafeRawBufferPointer(rebasing: copy[..<MemoryLayout<Message>.size]))
                }
                core.consume()
                return unsafe copy.baseAddress.unsafelyUnwrapped.load(as: Message.self)
            }
        } catch {
            core.cancelReceive()
            throw error
        }
    }

    // MARK: Tasks

    /// The next message, copied, waiting without blocking a thread; nil at the end. Throws as `receive`, and
    /// `CancellationError` where the task is cancelled before there was one.
    public func receive() async throws -> [UInt8]? {
        while true {
            if let message = try tryReceive() { return message }
            if try core.isAtEnd() { return nil }
            guard try await core.waitForMessage() else { throw CancellationError() }
        }
    }

    /// The next message, as a plain value, waiting without blocking a thread; nil at the end. Throws as `receive`, and
    /// `CancellationError` where the task is cancelled before there was one.
    public func receive<Message: BitwiseCopyable & Sendable>(as type: Message.Type) async throws -> Message? {
        while true {
            if let message = try tryReceive(as: type) { return message }
            if try core.isAtEnd() { return nil }
            guard try await core.waitForMessage() else { throw CancellationError() }
        }
    }
}

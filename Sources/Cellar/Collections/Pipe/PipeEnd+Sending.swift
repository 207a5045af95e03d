extension PipeEnd {
    /// Sends a message of `byteCount` bytes that `body` writes in place, where they are whatever was there before: all in one
    /// piece, beginning at a multiple of 8. It is sent when `body` returns; if `body` throws, nothing is. No other thread
    /// of this process sends meanwhile. For messages that are large: nothing is copied.
    ///
    /// Waits for room as long as `timeout`, or without limit. Throws `.timedOut`; `.peerGone`; `.limitReached` for more
    /// than `largestMessage`; `.closed`, `.removed`, `.corruptSegment`; and what `body` throws. O(1), and what `body` does.
    @inlinable
    public func send(
        byteCount: Int, timeout: Duration? = nil, _ body: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws {
        precondition(byteCount >= 0, "a message cannot have fewer bytes than none")
        let place = unsafe try core.reserve(byteCount, timeout)
        do { unsafe try body(UnsafeMutableRawBufferPointer(start: place, count: byteCount)) } catch {
            core.cancelSend()
            throw error
        }
        core.commit(byteCount)
    }

    /// Sends a copy of the bytes as one message. Waits and throws as `send(byteCount:timeout:_:)`. O(n).
    @inlinable
    public func send(_ bytes: RawSpan, timeout: Duration? = nil) throws(StoreError) {
        let place = unsafe try core.reserve(bytes.byteCount, timeout)
        unsafe Self.copy(bytes, place)
        core.commit(bytes.byteCount)
    }

    /// Sends a copy of the bytes as one message. Waits and throws as `send(byteCount:timeout:_:)`. O(n).
    @inlinable
    public func send(_ bytes: [UInt8], timeout: Duration? = nil) throws(StoreError) {
        unsafe try send(bytes.span.bytes, timeout: timeout)
    }

    /// Sends a plain value as one message. Waits and throws as `send(byteCount:timeout:_:)`; also `.unsupportedType`,
    /// naming the field, for what means something to one process only.
    @inlinable
    public func send<Message: BitwiseCopyable>(_ message: Message, timeout: Duration? = nil) throws(StoreError) {
        _ = try SchemaKey.of(Message.self)
        let place = unsafe try core.reserve(MemoryLayout<Message>.size, timeout)
        unsafe place.storeBytes(of: message, as: Message.self)
        core.commit(MemoryLayout<Message>.size)
    }

    /// Sends the bytes if that needs no waiting, for room or for another thread. Returns whether it did. Throws as `send`.
    @inlinable
    public func trySend(_ bytes: RawSpan) throws(StoreError) -> Bool {
        guard let place = unsafe try core.reserveNow(bytes.byteCount) else { return false }
        unsafe Self.copy(bytes, place)
        core.commit(bytes.byteCount)
        return true
    }

    /// Sends the bytes if that needs no waiting, for room or for another thread. Returns whether it did. Throws as `send`.
    @inlinable
    public func trySend(_ bytes: [UInt8]) throws(StoreError) -> Bool { unsafe try trySend(bytes.span.bytes) }

    /// Sends the value if that needs no waiting, for room or for another thread. Returns whether it did. Throws as `send`.
    @inlinable
    public func trySend<Message: BitwiseCopyable>(_ message: Message) throws(StoreError) -> Bool {
        _ = try SchemaKey.of(Message.self)
        guard let place = unsafe try core.reserveNow(MemoryLayout<Message>.size) else { return false }
        unsafe place.storeBytes(of: message, as: Message.self)
        core.commit(MemoryLayout<Message>.size)
        return true
    }

    @inlinable @unsafe
    static func copy(_ bytes: RawSpan, _ place: UnsafeMutableRawPointer) {
        unsafe bytes.withUnsafeBytes { source in
            if let start = source.baseAddress { unsafe place.copyMemory(from: start, byteCount: source.count) }
        }
    }

    // MARK: Tasks

    /// Sends the bytes, waiting for room without blocking a thread. Throws as `send`, and `CancellationError` where the task is
    /// cancelled before it was sent.
    public func send(_ bytes: [UInt8]) async throws {
        while try !trySend(bytes) {
            guard try await core.waitForRoom(bytes.count) else { throw CancellationError() }
        }
    }

    /// Sends the value, waiting for room without blocking a thread. Throws as `send`, and `CancellationError` where the task is
    /// cancelled before it was sent.
    public func send<Message: BitwiseCopyable & Sendable>(_ message: Message) async throws {
        while try !trySend(message) {
            guard try await core.waitForRoom(MemoryLayout<Message>.size) else { throw CancellationError() }
        }
    }
}

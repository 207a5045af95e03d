extension SharedQueue {
    /// As the one that blocks; a task that is cancelled throws `CancellationError`.
    public func put(
        _ element: Element, priority: Int = 0, delay: Duration? = nil, timeout: Duration? = nil
    ) async throws {
        let options = QueueCore.PutOptions(priority: priority, delay: delay)
        switch try await core.put(bytes(of: element), options, until: MonotonicClock.deadline(after: timeout)) {
        case .done, .end: return
        case .wait: throw core.stayedFull
        case .cancelled: throw CancellationError()
        }
    }

    /// As the one that blocks; a task that is cancelled throws `CancellationError`.
    public func get(timeout: Duration? = nil) async throws -> Element? {
        let (result, bytes) = try await core.get(until: MonotonicClock.deadline(after: timeout))
        if result == .wait { throw core.stayedEmpty }
        if result == .cancelled { throw CancellationError() }
        return result == .done ? try element(bytes) : nil
    }

    /// As the one that blocks; a task that is cancelled throws `CancellationError`.
    public func lease(timeout: Duration? = nil) async throws -> QueueLease<Element>? {
        try core.checkWritable()
        let (result, bytes, ticket) = try await core.lease(until: MonotonicClock.deadline(after: timeout))
        if result == .wait { throw core.stayedEmpty }
        if result == .cancelled { throw CancellationError() }
        return try ticket.map { (ticket) throws(StoreError) in try lease(bytes, ticket) }
    }

    /// As the one that blocks; a task that is cancelled throws `CancellationError`.
    public func join(timeout: Duration? = nil) async throws {
        switch try await core.join(until: MonotonicClock.deadline(after: timeout)) as QueueResult {
        case .done, .end: return
        case .wait: throw core.stayedUnfinished
        case .cancelled: throw CancellationError()
        }
    }

    /// What comes, each element taken for good, until the queue is closed and empty. Several tasks and processes that go through
    /// one queue share what comes.
    public var elements: QueueElements<Element> { QueueElements(queue: self) }

    /// What comes, each item leased, until the queue is closed and empty.
    public var leases: QueueLeases<Element> { QueueLeases(queue: self) }
}

/// See `SharedQueue.elements`.
public struct QueueElements<Element: Sendable>: AsyncSequence, AsyncIteratorProtocol, Sendable {
    let queue: SharedQueue<Element>
    public func makeAsyncIterator() -> Self { self }
    public func next() async throws -> Element? { try await queue.get() }
}

/// See `SharedQueue.leases`.
public struct QueueLeases<Item: Sendable>: AsyncSequence, AsyncIteratorProtocol, Sendable {
    let queue: SharedQueue<Item>
    public func makeAsyncIterator() -> Self { self }
    public func next() async throws -> QueueLease<Item>? { try await queue.lease() }
}

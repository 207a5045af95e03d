import CCellar

/// An item that this process has, until it says what became of it. See `SharedQueue.lease`.
public struct QueueLease<Element: Sendable>: Sendable {
    /// What was put.
    public let element: Element
    @usableFromInline let core: QueueCore
    @usableFromInline let ticket: QueueTicket

    @usableFromInline
    init(element: Element, core: QueueCore, ticket: QueueTicket) {
        self.element = element
        self.core = core
        self.ticket = ticket
    }

    /// How often the item was delivered, this time included.
    public var deliveries: Int { Int(ticket.deliveries) }

    /// Its place in the order; never given twice by one queue.
    public var sequence: UInt64 { ticket.sequence }

    /// Ends the lease: the item is done, and gone. With `sync`, returns when that is on disk: then the item does not come back
    /// after a power cut either. What was put elsewhere as its result should be on disk before (`put(sync: true)`): two queues
    /// are not written as of one moment.
    ///
    /// Throws `.leaseEnded` if the lease had ended: somebody else may have the item.
    @inlinable
    public func acknowledge(sync: Bool = false) throws(StoreError) {
        try core.acknowledge(ticket)
        if sync { try core.sync() }
    }

    /// Ends the lease: the item goes back to its place in the order, to be delivered again after `delay`; or is set aside, if
    /// this was its last delivery. Throws `.leaseEnded`.
    public func reject(delay: Duration = .zero) throws(StoreError) { try core.reject(ticket, delay: delay) }

    /// Has the lease begin anew, for work that takes long. Throws `.leaseEnded`.
    public func extend() throws(StoreError) { try core.extend(ticket) }
}

extension SharedQueue {
    /// Leases the next item; waits while there is none. Nil at the end, as `get`.
    ///
    /// Blocks and throws as `get`. Bytes that are no element of the type count as a delivery that failed.
    @inlinable
    public func lease(timeout: Duration? = nil) throws(StoreError) -> QueueLease<Element>? {
        try leaseOne(QueuePatience(timeout))
    }

    /// The same if there is one now; nil if not.
    @inlinable
    public func tryLease() throws(StoreError) -> QueueLease<Element>? { try leaseOne(.none) }

    /// Leases the next items: at least one, and up to `most` of those that are there. Empty at the end.
    public func lease(upTo most: Int, timeout: Duration? = nil) throws(StoreError) -> [QueueLease<Element>] {
        let (result, leases) = try leases(most, until: MonotonicClock.deadline(after: timeout))
        if result == .wait { throw core.stayedEmpty }
        return leases
    }

    @inlinable
    func leaseOne(_ patience: QueuePatience) throws(StoreError) -> QueueLease<Element>? {
        // See `get`.
        var lease: QueueLease<Element>?
        if plainCount < 0 {
            lease = try leaseEncoded(patience)
        } else {
            try unsafe withUnsafeTemporaryAllocation(of: Element.self, capacity: 1) { (place) throws(StoreError) in
                let place = unsafe place.baseAddress.unsafelyUnwrapped
                let (result, ticket) = unsafe try core.leasePlain(patience, plainCount, to: place)
                if result == .wait { try core.nothingCame(patience) }
                guard let ticket else { return }
                lease = unsafe QueueLease(element: place.move(), core: core, ticket: ticket)
            }
        }
        return lease
    }

    @usableFromInline
    func leaseEncoded(_ patience: QueuePatience) throws(StoreError) -> QueueLease<Element>? {
        let (result, leases) = try leases(1, until: patience.deadline)
        if result == .wait { try core.nothingCame(patience) }
        return leases.first
    }

    private func leases(_ most: Int, until deadline: Int64) throws(StoreError) -> (
        result: QueueResult, leases: [QueueLease<Element>]
    ) {
        precondition(most > 0, "at least one item is asked for")
        try core.checkWritable()
        var copies: [(bytes: [UInt8], ticket: QueueTicket)] = []
        let result = try unsafe core.lease(most, until: deadline) { (bytes, ticket) throws(StoreError) in
            copies.append(unsafe ([UInt8](bytes), ticket))
        }
        var leases: [QueueLease<Element>] = []
        var fault: StoreError?
        for copy in copies {
            do throws(StoreError) { leases.append(try lease(copy.bytes, copy.ticket)) } catch { fault = error }
        }
        // The good ones first: the other was rejected, and comes again, by itself in the end.
        if let fault, leases.isEmpty { throw fault }
        return (result, leases)
    }

    func lease(_ bytes: [UInt8], _ ticket: QueueTicket) throws(StoreError) -> QueueLease<Element> {
        do throws(StoreError) {
            return QueueLease(element: try element(bytes), core: core, ticket: ticket)
        } catch {
            try? core.reject(ticket, delay: .zero)
            throw error
        }
    }

    /// Leases the next item, runs `body` on it, and acknowledges it; rejects it if `body` throws, which comes out. Nil at the
    /// end. Blocks and throws as `lease` and `acknowledge`.
    public func withLease<Result>(timeout: Duration? = nil, _ body: (Element) throws -> Result) throws -> Result? {
        guard let lease = try lease(timeout: timeout) else { return nil }
        let result: Result
        do { result = try body(lease.element) } catch {
            // It may have ended meanwhile, which changes nothing.
            try? lease.reject()
            throw error
        }
        try lease.acknowledge()
        return result
    }

    /// Acknowledges several at once.
    public func acknowledge(_ leases: [QueueLease<Element>], sync: Bool = false) throws(StoreError) {
        try core.acknowledge(leases.map(\.ticket))
        if sync { try core.sync() }
    }
}

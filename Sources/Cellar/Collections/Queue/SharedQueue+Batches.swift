extension SharedQueue {
    /// Puts elements one after another, waiting for room where there is none. Returns how many were put before `timeout` was
    /// over: all of them unless it was.
    ///
    /// Elements that there is room for are put under one lock, so nothing of others comes between them. Throws as `put`; if
    /// one is too long, none is put.
    @inlinable @discardableResult
    public func put(
        contentsOf elements: some Sequence<Element>, priority: Int = 0, timeout: Duration? = nil, sync: Bool = false
    ) throws(StoreError) -> Int {
        let elements = Array(elements)
        let options = QueueCore.PutOptions(priority: priority, delay: nil)
        let deadline = MonotonicClock.deadline(after: timeout)
        var done = 0
        if plainCount >= 0 {
            done = try unsafe elements.withUnsafeBufferPointer { (buffer) throws(StoreError) in
                guard let start = buffer.baseAddress else { return 0 }
                return unsafe try core.putPlain(
                    start, buffer.count, size: plainCount, step: MemoryLayout<Element>.stride, options,
                    until: deadline)
            }
        } else {
            let encoded = try elements.map { (element) throws(StoreError) in try self.bytes(of: element) }
            done = try core.putSome(encoded, options, until: deadline)
        }
        if sync { try core.sync() }
        return done
    }

    @inlinable
    func bytes(of element: Element) throws(StoreError) -> [UInt8] {
        var copy: [UInt8] = []
        unsafe try codec.encode(element) { (bytes) throws(StoreError) in copy = unsafe [UInt8](bytes) }
        return copy
    }

    /// Takes the next elements for good: at least one, and up to `most` of those that are there, under one lock. Empty at the
    /// end. Throws as `get`.
    @inlinable
    public func get(upTo most: Int, timeout: Duration? = nil) throws(StoreError) -> [Element] {
        precondition(most > 0, "at least one element is asked for")
        if plainCount >= 0 {
            return try getPlain(upTo: min(most, capacity), until: MonotonicClock.deadline(after: timeout))
        }
        return try getEncoded(upTo: most, until: MonotonicClock.deadline(after: timeout))
    }

    /// Leased first, so that one that is no element does not take the others along.
    @usableFromInline
    func getEncoded(upTo most: Int, until deadline: Int64) throws(StoreError) -> [Element] {
        var copies: [(bytes: [UInt8], ticket: QueueTicket)] = []
        let result = try unsafe core.lease(most, until: deadline) { (bytes, ticket) throws(StoreError) in
            copies.append(unsafe ([UInt8](bytes), ticket))
        }
        if result == .wait { throw core.stayedEmpty }
        var elements: [Element] = []
        var fault: StoreError?
        for copy in copies {
            do throws(StoreError) { elements.append(try element(copy.bytes)) } catch {
                fault = error
                break
            }
        }
        // The first that is none goes, and its error comes out; a later one waits for its turn.
        let kept = fault != nil && elements.isEmpty ? 1 : elements.count
        try core.keep(copies.map(\.ticket), first: kept, areDone: fault != nil && elements.isEmpty)
        if let fault, elements.isEmpty { throw fault }
        return elements
    }

    @inlinable
    func getPlain(upTo most: Int, until deadline: Int64) throws(StoreError) -> [Element] {
        var fault: StoreError?
        let elements = unsafe [Element](unsafeUninitializedCapacity: most) { place, count in
            guard let start = place.baseAddress else { return }
            do throws(StoreError) {
                let result: QueueResult
                (result, count) = unsafe try core.getPlain(
                    start, upTo: most, size: plainCount, step: MemoryLayout<Element>.stride, until: deadline)
                if result == .wait { throw core.stayedEmpty }
            } catch {
                fault = error
            }
        }
        if let fault { throw fault }
        return elements
    }
}

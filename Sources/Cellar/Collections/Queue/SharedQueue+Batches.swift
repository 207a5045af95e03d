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
        let deadline = core.deadline(timeout)
        var done = 0
        if plainCount >= 0 {
            done = unsafe try core.putSome(elements.count, options, until: deadline) {
                (index, put) throws(StoreError) in
                try unsafe withUnsafeBytes(of: elements[index]) { (bytes) throws(StoreError) in
                    unsafe try put(UnsafeRawBufferPointer(rebasing: bytes[..<plainCount]))
                }
            }
        } else {
            let encoded = try elements.map { (element) throws(StoreError) in try self.bytes(of: element) }
            for bytes in encoded { try core.checkRoom(bytes.count) }
            done = unsafe try core.putSome(elements.count, options, until: deadline) {
                (index, put) throws(StoreError) in
                let bytes = encoded[index]
                return try unsafe bytes.span.withUnsafeBytes { (bytes) throws(StoreError) in unsafe try put(bytes) }
            }
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
        var elements: [Element] = []
        var copies: [[UInt8]] = []
        let result = try unsafe core.getSome(most, until: core.deadline(timeout)) { (bytes) throws(StoreError) in
            guard plainCount >= 0 else { return copies.append(unsafe [UInt8](bytes)) }
            guard let element = unsafe ValueCodec<Element>.plain(bytes, plainCount) else { throw core.wrongSize }
            elements.append(element)
        }
        if result == .wait { throw core.stayedEmpty }
        for copy in copies { elements.append(try element(copy)) }
        return elements
    }
}

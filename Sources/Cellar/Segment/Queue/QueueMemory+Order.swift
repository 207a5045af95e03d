import CCellar

/// The order of what is ready: a ring of item numbers for each priority, by sequence.
extension QueueMemory {
    /// Behind all others of its priority.
    @inline(__always)
    func append(_ number: Int, priority: Int) throws(StoreError) {
        // No crash point: the index is made anew after a death.
        let level = unsafe level(priority)
        let (first, count) = try unsafe place(level)
        guard count < capacity else { throw damaged("has more items than places") }
        var at = first + count
        if at >= capacity { at -= capacity }
        unsafe ring(priority)[at] = UInt32(truncatingIfNeeded: number)
        unsafe level.pointee.count = UInt32(truncatingIfNeeded: count + 1)
        unsafe state.pointee.levels |= 1 << UInt64(priority)
        unsafe state.pointee.ready &+= 1
    }

    /// Where its sequence says. O(items of its priority that are older), which are few where items come back soon.
    func insert(_ number: Int, priority: Int) throws(StoreError) {
        // No crash point: see above.
        let level = unsafe level(priority)
        let (first, count) = try unsafe place(level)
        guard count < capacity else { throw damaged("has more items than places") }
        let ring = unsafe ring(priority)
        let sequence = item(number).sequence
        let start = first == 0 ? capacity - 1 : first - 1
        var before = 0
        while before < count {
            let place = (first + before) % capacity
            let other = try checked(unsafe ring[place])
            if item(other).sequence > sequence { break }
            unsafe ring[(start + before) % capacity] = UInt32(other)
            before += 1
        }
        unsafe ring[(start + before) % capacity] = UInt32(number)
        unsafe level.pointee = cellar_queue_level(first: UInt32(start), count: UInt32(count + 1))
        unsafe state.pointee.levels |= 1 << UInt64(priority)
        unsafe state.pointee.ready &+= 1
    }

    /// Whether an item of that sequence goes behind all others of its priority.
    func isLast(_ sequence: UInt64, priority: Int) throws(StoreError) -> Bool {
        let (first, count) = try unsafe place(level(priority))
        if count == 0 { return true }
        return item(try checked(unsafe ring(priority)[(first + count - 1) % capacity])).sequence < sequence
    }

    /// The highest priority that has something ready; nil if none has.
    @inline(__always)
    var highest: Int? {
        get throws(StoreError) {
            let levels = unsafe state.pointee.levels
            if levels == 0 { return nil }
            let priority = 63 &- levels.leadingZeroBitCount
            guard priority < priorities else { throw damaged("has no priority \(priority)") }
            return priority
        }
    }

    /// The item to be delivered next; nil if there is none.
    @inline(__always)
    func first() throws(StoreError) -> Int? {
        guard let priority = try highest else { return nil }
        let (first, count) = try unsafe place(level(priority))
        guard count > 0, case let number = try checked(unsafe ring(priority)[first]), item(number).isIn(.ready)
        else {
            throw damaged("has an order that is not that of its items")
        }
        return number
    }

    /// Takes what `first` found from the order.
    @inline(__always)
    func removeFirst() throws(StoreError) {
        // No crash point: see above.
        let priority = unsafe 63 - state.pointee.levels.leadingZeroBitCount
        let level = unsafe level(priority)
        let (first, count) = try unsafe place(level)
        let next = first + 1 == capacity ? 0 : first + 1
        unsafe level.pointee = cellar_queue_level(
            first: UInt32(truncatingIfNeeded: next), count: UInt32(truncatingIfNeeded: count - 1))
        if count == 1 { unsafe state.pointee.levels &= ~(1 << UInt64(priority)) }
        unsafe state.pointee.ready &-= 1
    }

    @inline(__always) @unsafe
    func place(_ level: UnsafeMutablePointer<cellar_queue_level>) throws(StoreError) -> (first: Int, count: Int) {
        let (first, count) = unsafe (Int(level.pointee.first), Int(level.pointee.count))
        guard first < capacity, count <= capacity else { throw damaged("has an order that makes no sense") }
        return (first, count)
    }
}

/// Items that are not due yet: a heap by when they are, then by sequence.
extension QueueMemory {
    private var delayed: Int { min(Int(unsafe state.pointee.delayed), capacity) }

    private func isBefore(_ one: Int, _ other: Int) -> Bool {
        let (a, b) = unsafe (item(one).fields.pointee, item(other).fields.pointee)
        return (a.due, a.sequence) < (b.due, b.sequence)
    }

    func delay(_ number: Int) throws(StoreError) {
        // No crash point: see above.
        var place = delayed
        guard place < capacity else { throw damaged("has more delayed items than places") }
        unsafe state.pointee.delayed = UInt32(place + 1)
        while place > 0 {
            let parent = try checked(unsafe heap[(place - 1) / 2])
            if !isBefore(number, parent) { break }
            unsafe heap[place] = UInt32(parent)
            place = (place - 1) / 2
        }
        unsafe heap[place] = UInt32(number)
    }

    /// When the first of them is due; nil if there is none.
    var nextDue: UInt64? {
        get throws(StoreError) {
            guard delayed > 0 else { return nil }
            return unsafe item(try checked(heap[0])).fields.pointee.due
        }
    }

    /// Has those that are due join the order, each in its place.
    func releaseDue(at now: UInt64) throws(StoreError) {
        while let due = try nextDue, due <= now {
            let number = try popDelayed()
            try insert(number, priority: try priority(of: number))
        }
    }

    private func popDelayed() throws(StoreError) -> Int {
        // No crash point: see above.
        let number = try checked(unsafe heap[0])
        let count = delayed - 1
        unsafe state.pointee.delayed = UInt32(count)
        guard count > 0 else { return number }
        let last = try checked(unsafe heap[count])
        var place = 0
        while case var child = place * 2 + 1, child < count {
            var other = try checked(unsafe heap[child])
            if child + 1 < count, case let right = try checked(unsafe heap[child + 1]), isBefore(right, other) {
                child += 1
                other = right
            }
            if !isBefore(other, last) { break }
            unsafe heap[place] = UInt32(other)
            place = child
        }
        unsafe heap[place] = UInt32(last)
        return number
    }

    func priority(of number: Int) throws(StoreError) -> Int {
        let priority = item(number).priority
        guard priority < priorities else { throw damaged("has an item of priority \(priority)") }
        return priority
    }
}

import CCellar

/// Several items put, or taken for good, under one lock. What the index says is kept at hand meanwhile and written once, at the
/// end: who dies within leaves the lock to somebody who makes the index anew, of items that are each whole.
extension QueueMemory {
    /// Puts elements of `size` bytes that lie `step` bytes apart, as many as there is room for; tells `placed` each number.
    /// Returns how many.
    @inline(__always) @unsafe
    func put(
        _ elements: UnsafeRawPointer, _ most: Int, size: Int, step: Int, _ how: QueuePut, placed: (Int) -> Void
    ) throws(StoreError) -> Int {
        let (state, level, ring, links) = unsafe (state, level(how.priority), ring(how.priority), links(0))
        let (first, there) = try unsafe place(level)
        let (items, capacity, stride) = (item(0), capacity, stride)
        var free = unsafe state.pointee.first_free
        var sequence = unsafe header.pointee.next_sequence
        var at = first &+ there
        if at >= capacity { at &-= capacity }
        var done = 0
        let room = min(most, capacity &- there)
        while done < room, free != 0 {
            let number = Int(free &- 1)
            guard number < capacity, case let item = unsafe items.advanced(by: number &* stride), item.isIn(.free)
            else { throw disagreement }
            unsafe item.fill(elements + done &* step, size, areFresh: false, sequence, how)
            crashPoint("queue put some: filled in")
            item.set(.ready, length: size)
            crashPoint("queue put some: ready")
            placed(number)
            unsafe ring[at] = UInt32(truncatingIfNeeded: number)
            free = unsafe links[number &* 2]
            at = at &+ 1 == capacity ? 0 : at &+ 1
            sequence &+= 1
            done &+= 1
        }
        if done == 0 { return 0 }
        unsafe header.pointee.next_sequence = sequence
        crashPoint("queue put some: numbered")
        unsafe state.pointee.first_free = free
        unsafe level.pointee.count = UInt32(truncatingIfNeeded: there &+ done)
        unsafe state.pointee.levels |= 1 &<< UInt64(truncatingIfNeeded: how.priority)
        unsafe state.pointee.ready &+= UInt32(truncatingIfNeeded: done)
        crashPoint("queue put some: in their places")
        return done
    }

    /// Takes elements of `size` bytes for good and puts them `step` bytes apart, as many as are ready in the highest priority that
    /// has any; tells `taken` each number. Returns how many.
    @inline(__always) @unsafe
    func take(
        _ most: Int, to target: UnsafeMutableRawPointer, size: Int, step: Int, for holder: QueueHolder,
        taken: (Int) -> Void
    ) throws(StoreError) -> Int {
        guard let priority = try highest else { return 0 }
        let (state, level, ring, links) = unsafe (state, level(priority), ring(priority), links(0))
        let (first, there) = try unsafe place(level)
        let (items, capacity, stride) = (item(0), capacity, stride)
        let count = min(most, there)
        if count == 0 { throw disagreement }
        var free = unsafe state.pointee.first_free
        var at = first
        // If the process dies, what it took counts for nothing anyway.
        countTaken(count, by: holder)
        crashPoint("queue get some: counted")
        let ready = QueueItemState.ready.word(length: size)
        for index in 0..<count {
            let number = Int(unsafe ring[at])
            guard number < capacity, case let item = unsafe items.advanced(by: number &* stride),
                item.word.acquire() == ready
            else { throw disagreement }
            unsafe PlainCopy.copySettled(item.bytes, target + index &* step, size)
            item.set(.free, length: 0)
            crashPoint("queue get some: free")
            taken(number)
            unsafe links[number &* 2] = free
            free = UInt32(truncatingIfNeeded: number &+ 1)
            at = at &+ 1 == capacity ? 0 : at &+ 1
        }
        unsafe level.pointee = cellar_queue_level(
            first: UInt32(truncatingIfNeeded: at), count: UInt32(truncatingIfNeeded: there &- count))
        if count == there { unsafe state.pointee.levels &= ~(1 &<< UInt64(truncatingIfNeeded: priority)) }
        unsafe state.pointee.ready &-= UInt32(truncatingIfNeeded: count)
        unsafe state.pointee.first_free = free
        crashPoint("queue get some: out of the order")
        return count
    }

    @inline(never)
    private var disagreement: StoreError {
        damaged("has an index that is not that of its items, or an element of another size than its type's")
    }
}

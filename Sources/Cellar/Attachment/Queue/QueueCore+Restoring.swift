extension QueueCore {
    /// Puts items back as they once were; see `UntypedQueue.restore`.
    func restore(_ items: [QueueItemInfo]) throws(StoreError) {
        // No crash point: see `QueueMemory.restore`.
        try checkWritable()
        for item in items {
            try checkRoom(item.bytes.count)
            _ = try how(PutOptions(priority: item.priority, delay: nil))
        }
        let now = MonotonicClock.wall() / 1_000_000
        try locked { (memory, wakes) throws(StoreError) in
            try checkSequences(of: items, memory)
            for item in items {
                guard let number = try memory.restore(item.bytes, QueueKept(item), at: now) else { throw noRoom }
                note(number)
            }
            noteHeader()
            tellConsumers(items.count, &wakes)
        }
    }

    /// Items that are put get sequences from this on.
    func restore(nextSequence: UInt64) throws(StoreError) {
        try checkWritable()
        guard nextSequence < .max else {
            throw StoreError(.invalidValue, "the queue '\(cell.name)' cannot have the next sequence \(nextSequence)")
        }
        try locked { (memory, _) throws(StoreError) in
            unsafe memory.header.pointee.next_sequence = max(memory.header.pointee.next_sequence, nextSequence)
            crashPoint("queue restore: next number")
            noteHeader()
        }
    }

    /// A sequence is never given twice. O(capacity).
    private func checkSequences(of items: [QueueItemInfo], _ memory: QueueMemory) throws(StoreError) {
        var taken: Set<UInt64> = []
        var count = 0
        for number in 0..<memory.capacity where memory.item(number).state != .free {
            taken.insert(memory.item(number).sequence)
            count += 1
        }
        guard items.count <= memory.capacity - count else { throw noRoom }
        for item in items where item.sequence == .max || !taken.insert(item.sequence).inserted {
            throw StoreError(
                .invalidValue, "the queue '\(cell.name)' cannot have the sequence \(item.sequence) for one more item")
        }
    }

    private var noRoom: StoreError {
        StoreError(
            .limitReached, "the queue '\(cell.name)' has room for \(shape.capacity) items, and not for all of these")
    }
}

extension QueueKept {
    /// What was leased is ready: nobody has it.
    fileprivate init(_ item: QueueItemInfo) {
        self.init(
            how: QueuePut(priority: item.priority, due: item.due, now: item.putAt), sequence: item.sequence,
            deliveries: UInt32(clamping: item.deliveries), isDead: item.state == .dead)
    }
}

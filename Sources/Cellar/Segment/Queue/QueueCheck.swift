import CCellar

/// Whether a queue's items are such as queues write. Reads only, takes no lock; what is being changed is passed over.
struct QueueCheck {
    let shape: QueueShape
    private(set) var faults: [String] = []
    private(set) var items = 0
    private(set) var lastSequence: UInt64 = 0
    private var sequences: Set<UInt64> = []

    /// So many say enough.
    private static let most = 20

    init(_ shape: QueueShape) { self.shape = shape }

    mutating func look(at item: QueueItem, _ number: Int) {
        let word = item.word.acquire()
        guard let state = QueueItemState(rawValue: word & 0xFF) else {
            return note("has an item \(number) in no known state (\(word & 0xFF))")
        }
        guard state != .free else { return }
        items += 1
        let length = word >> 8
        guard length <= UInt64(shape.room) else {
            return note("has an item \(number) of \(length) bytes, and room for \(shape.room)")
        }
        let (sequence, priority) = (item.sequence, item.priority)
        SharedFence.acquire()
        // Whoever changed it meanwhile wrote these.
        guard item.word.relaxed() == word, item.sequence == sequence else { return }
        if priority >= shape.priorities {
            note("has an item \(number) of the priority \(priority), and \(shape.priorities) priorities")
        }
        lastSequence = max(lastSequence, sequence)
        if !sequences.insert(sequence).inserted { note("has two items with the place \(sequence) in the order") }
    }

    private mutating func note(_ fault: String) {
        if faults.count < Self.most { faults.append(fault) }
    }
}

extension SegmentCheck {
    /// Looks at the items, and whether the index counts as many.
    mutating func checkQueue(_ reference: StructureReference, _ shape: QueueShape, _ name: String) {
        let memory = QueueMemory(reference, shape, segment)
        let before = QueueStamp(memory)
        var check = QueueCheck(shape)
        for number in 0..<shape.capacity { check.look(at: memory.item(number), number) }
        for fault in check.faults { note(.damaged, "queues", "'\(name)' \(fault)") }
        if unsafe memory.header.pointee.closed > 1 {
            note(.damaged, "queues", "'\(name)' is neither open nor closed")
        }
        // Read last: an item gets its number before it is there. Without an index it may be behind: it is set right then.
        guard let before, check.faults.isEmpty else { return }
        if check.items > 0, check.lastSequence >= before.nextSequence, let after = QueueStamp(memory),
            check.lastSequence >= after.nextSequence
        {
            note(.damaged, "queues", "'\(name)' has an item of the place \(check.lastSequence), which was never given")
        }
        // The same before and after: nothing was put, and nothing was taken.
        if before == QueueStamp(memory), before.count != UInt64(check.items) {
            note(.damaged, "queues", "'\(name)' counts \(before.count) items, and there are \(check.items)")
        }
    }
}

/// What changes whenever an item comes or goes. Nil while somebody changes the queue, or left that undone.
private struct QueueStamp: Equatable {
    let nextSequence: UInt64
    let count: UInt64

    init?(_ memory: QueueMemory) {
        let (reference, lock) = (memory.reference, memory.reference.cell.lock)
        guard reference.whole.acquire() == 1, !lock.isHeld, !lock.isAbandoned else { return nil }
        let state = unsafe memory.state.pointee
        nextSequence = unsafe memory.header.pointee.next_sequence
        count = UInt64(state.ready) + UInt64(state.delayed) + UInt64(state.leased) + UInt64(state.dead)
        SharedFence.acquire()
        guard !lock.isHeld, !lock.isAbandoned else { return nil }
    }
}

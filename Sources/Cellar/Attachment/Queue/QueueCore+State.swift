import CCellar

/// How many items of a queue are in which state.
public struct QueueDepth: Sendable, Hashable {
    /// To be delivered at once.
    public var ready = 0
    /// To be delivered later.
    public var delayed = 0
    /// With a consumer that has not acknowledged them.
    public var leased = 0
    /// Set aside after too many deliveries.
    public var dead = 0
    /// Got for good, and not marked done.
    public var taken = 0

    /// All that is in the queue and to be delivered, or to be acknowledged.
    public var unfinished: Int { ready + delayed + leased }
}

/// One item of a queue, for people who look.
public struct QueueItemInfo: Sendable {
    /// Whether it is to be delivered, later or now, or a consumer has it, or it was set aside.
    public enum State: String, Sendable, Hashable {
        /// To be delivered at once, or later.
        case ready, delayed
        /// With a consumer, or set aside after too many deliveries.
        case leased, dead
    }

    /// What becomes of it next.
    public var state: State
    /// Its place in the order; never given twice.
    public var sequence: UInt64
    /// Higher ones are delivered first.
    public var priority: Int
    /// How often it was delivered.
    public var deliveries: Int
    /// Milliseconds since 1970.
    public var putAt: UInt64
    /// Not delivered before: milliseconds since 1970, 0 = at once.
    public var due: UInt64
    /// Leased: the slot of the process that has it, and the number of its attachment (`AttachmentInfo.slot`, `id`).
    public var holder: Int?
    /// The number of the attachment that has it, beside `holder`.
    public var holderID: UInt64?
    /// The element.
    public var bytes: [UInt8]
}

extension QueueCore {
    /// Counted without the lock, so that looking changes nothing; of a queue that is being changed, roughly.
    func depth() throws(StoreError) -> QueueDepth {
        // What a process that died was at is put right first, where this one may.
        if attachment.writePolicy != Attachment.readOnly, !attachment.isClosed,
            cell.reference.whole.acquire() != 1 || cell.reference.cell.lock.isAbandoned
        {
            try locked { (_, _) throws(StoreError) in }
        }
        guard cell.reference.whole.acquire() == 1 else { return try countedDepth() }
        let state = unsafe memory.state.pointee
        return QueueDepth(
            ready: Int(state.ready), delayed: Int(state.delayed), leased: Int(state.leased), dead: Int(state.dead),
            taken: Int(clamping: state.taken))
    }

    /// Where there is no index: from the items. O(capacity).
    private func countedDepth() throws(StoreError) -> QueueDepth {
        var depth = QueueDepth()
        try forEach { (item) throws(StoreError) in
            switch item.state {
            case .ready: depth.ready += 1
            case .delayed: depth.delayed += 1
            case .leased: depth.leased += 1
            case .dead: depth.dead += 1
            }
            return true
        }
        return depth
    }

    /// Calls `body` with each item that is there, in order of their places in memory. Takes no lock, writes nothing: each is
    /// whole; what is put or got meanwhile may be seen or not. O(capacity).
    func forEach(_ body: (QueueItemInfo) throws(StoreError) -> Bool) throws(StoreError) {
        if cell.reference.cell.isRemoved { throw attachment.removedError }
        let now = MonotonicClock.wall() / 1_000_000
        for number in 0..<memory.capacity {
            guard let item = memory.item(number).info(room: memory.room, now: now) else { continue }
            if try !body(item) { return }
        }
    }

    var isClosed: Bool { memory.isClosed }

    /// How many items were ever put, as of about now. The first is number 1.
    var putCount: UInt64 { unsafe max(memory.header.pointee.next_sequence, 1) - 1 }

    /// Nothing more can be put; consumers come to the end when all is delivered and acknowledged.
    func close() throws(StoreError) {
        try setClosed(1)
    }

    func reopen() throws(StoreError) {
        try setClosed(0)
    }

    private func setClosed(_ closed: UInt64) throws(StoreError) {
        try checkWritable()
        try locked { (memory, wakes) throws(StoreError) in
            unsafe memory.header.pointee.closed = closed
            crashPoint("queue: closed or opened")
            noteHeader()
            tellConsumers(.max, &wakes)
            tellProducers(.max, &wakes)
        }
    }

    /// Waits until everything that was put is done. False if the deadline passed before.
    func join(until deadline: Int64) throws(StoreError) -> Bool {
        try checkWritable()
        let outcome = try waiting(for: .done, until: deadline) { (memory, _) throws(StoreError) in
            try isFinished(memory)
        }
        if case .done = outcome { return true }
        return false
    }

    func join(until deadline: Int64) async throws(StoreError) -> QueueResult {
        try checkWritable()
        return QueueResult(
            try await waiting(for: .done, until: deadline) { (memory, _) throws(StoreError) in
                try self.isFinished(memory)
            })
    }

    private func isFinished(_ memory: QueueMemory) throws(StoreError) -> QueueOutcome<Void> {
        if memory.unfinished == 0 { return .done(()) }
        // Who took them may be gone without anybody having been told.
        if unsafe memory.state.pointee.taken > 0 { memory.dropDeadTakers() }
        return memory.unfinished == 0 ? .done(()) : .wait
    }

    /// Removes everything: what is ready, delayed and set aside. Leased items stay with their holders. Returns how many.
    func removeAll() throws(StoreError) -> Int {
        // No crash point: an item at a time, each with its own.
        try checkWritable()
        return try locked { (memory, wakes) throws(StoreError) in
            var count = 0
            for number in 0..<memory.capacity {
                let item = memory.item(number)
                guard item.state == .ready || item.state == .dead else { continue }
                item.set(.free, length: 0)
                crashPoint("queue remove all: one free")
                note(number)
                count += 1
            }
            try memory.rebuild()
            noteAll()
            tellProducers(.max, &wakes)
            tellJoiners(&wakes)
            return count
        }
    }

    // MARK: Set aside

    /// Takes the oldest item that was delivered too often; nil if there is none.
    func takeDead() throws(StoreError) -> QueueItemInfo? {
        // No crash point: see `QueueMemory.removeDead`.
        try checkWritable()
        return try locked { (memory, wakes) throws(StoreError) in
            guard let number = memory.firstDead(), let found = memory.item(number).snapshot(room: memory.room) else {
                return nil
            }
            memory.removeDead(number)
            note(number)
            tellProducers(1, &wakes)
            return QueueItemInfo(.dead, found.head, found.bytes)
        }
    }

    /// Takes all of them out for good. Returns how many.
    func removeDead() throws(StoreError) -> Int {
        // No crash point: see `QueueMemory.removeDead`.
        try checkWritable()
        return try locked { (memory, wakes) throws(StoreError) in
            let dead = memory.deadItems
            for number in dead {
                memory.removeDead(number)
                note(number)
            }
            tellProducers(dead.count, &wakes)
            return dead.count
        }
    }

    /// Has all of them delivered again. Returns how many.
    func reviveDead() throws(StoreError) -> Int {
        // No crash point: see `QueueMemory.reviveDead`.
        try checkWritable()
        return try locked { (memory, wakes) throws(StoreError) in
            let dead = memory.deadItems
            // The newest first: each then goes before those that came back already.
            for number in dead.sorted(by: { memory.item($0).sequence > memory.item($1).sequence }) {
                try memory.reviveDead(number)
                note(number)
            }
            let count = dead.count
            tellConsumers(count, &wakes)
            return count
        }
    }
}

extension QueueItemInfo {
    /// What is known of an item that is not leased; its bytes are not.
    public init(state: State, sequence: UInt64, priority: Int, deliveries: Int, putAt: UInt64, due: UInt64) {
        self.init(
            state: state, sequence: sequence, priority: priority, deliveries: deliveries, putAt: putAt, due: due,
            holder: nil, holderID: nil, bytes: [])
    }

    init(_ state: State, _ head: cellar_queue_item, _ bytes: [UInt8]) {
        let holder = state == .leased ? QueueHolder(word: head.holder) : nil
        self.init(
            state: state, sequence: head.sequence, priority: Int(head.priority), deliveries: Int(head.deliveries),
            putAt: head.put_at, due: head.due, holder: holder?.slot, holderID: holder?.attachment, bytes: bytes)
    }
}

extension QueueItem {
    /// What is there, for who looks without the lock; nil if nothing is, or it changed meanwhile.
    func info(room: Int, now: UInt64) -> QueueItemInfo? {
        guard let found = snapshot(room: room) else { return nil }
        let state: QueueItemInfo.State
        switch found.state {
        case .free: return nil
        case .leased: state = .leased
        case .dead: state = .dead
        case .ready: state = found.head.due > now ? .delayed : .ready
        }
        return QueueItemInfo(state, found.head, found.bytes)
    }
}

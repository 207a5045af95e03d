import CCellar

/// An item that this process has leased.
@usableFromInline
struct QueueTicket: Sendable, Hashable {
    var number: Int
    var sequence: UInt64
    var deliveries: UInt32
}

extension QueueCore {
    /// The next item to be delivered, when what is due and what is leased to nobody has come back.
    @inline(__always)
    private func next(_ memory: QueueMemory, _ wakes: inout Wakes) throws(StoreError) -> QueueOutcome<Int> {
        if _slowPath(unsafe memory.state.pointee.delayed != 0 || memory.state.pointee.next_lease_end != .max) {
            try bringBack(memory, &wakes)
        }
        if let number = try memory.first() { return .done(number) }
        return try nothing(memory, &wakes)
    }

    @inline(never)
    private func bringBack(_ memory: QueueMemory, _ wakes: inout Wakes) throws(StoreError) {
        let before = unsafe memory.state.pointee.ready
        try memory.releaseDue(at: MonotonicClock.wall() / 1_000_000)
        if unsafe memory.state.pointee.next_lease_end <= QueueMemory.monotonicMilliseconds {
            try takeBack(memory, &wakes)
        }
        // One of them is for this consumer.
        let more = unsafe memory.state.pointee.ready &- before
        if more > 1, more <= memory.capacity { tellConsumers(Int(more) - 1, &wakes) }
    }

    /// What is leased to nobody any more comes back, or is set aside: which may have been what others wait for.
    private func takeBack(_ memory: QueueMemory, _ wakes: inout Wakes) throws(StoreError) {
        for number in try memory.takeBackLeases() { note(number) }
        tellJoiners(&wakes)
        tellOfTheEnd(memory, &wakes)
    }

    @inline(never)
    private func nothing(_ memory: QueueMemory, _ wakes: inout Wakes) throws(StoreError) -> QueueOutcome<Int> {
        // A lease may have ended with its holder, of which nobody has told yet.
        if unsafe memory.state.pointee.leased > 0 {
            try takeBack(memory, &wakes)
            if let number = try memory.first() { return .done(number) }
        }
        let state = unsafe memory.state.pointee
        return memory.isClosed && state.delayed == 0 && state.leased == 0 ? .end : .wait
    }

    @inline(__always)
    private func bytes(of number: Int, _ memory: QueueMemory) throws(StoreError) -> UnsafeRawBufferPointer {
        let item = memory.item(number)
        let length = item.length
        guard length <= memory.room else { throw memory.damaged("has an element of \(length) bytes") }
        return unsafe UnsafeRawBufferPointer(start: item.bytes, count: length)
    }

    // MARK: For good

    /// Takes the next item for good; `read` copies its bytes.
    @inline(__always)
    private func take(
        _ memory: QueueMemory, _ wakes: inout Wakes, _ read: (UnsafeRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) -> QueueOutcome<Void> {
        switch try next(memory, &wakes) {
        case .done(let number):
            unsafe try read(try bytes(of: number, memory))
            try finishTaking(number, memory, &wakes)
            return .done(())
        case .end: return .end
        case .wait, .cancelled: return .wait
        }
    }

    @inline(__always)
    private func finishTaking(_ number: Int, _ memory: QueueMemory, _ wakes: inout Wakes) throws(StoreError) {
        // No crash point: see `QueueMemory.take`.
        try memory.take(number, for: holder)
        note(number)
        tellProducers(1, &wakes)
    }

    /// As `take`, waiting if need be.
    @usableFromInline
    func get(
        _ patience: QueuePatience, _ read: (UnsafeRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) -> QueueResult {
        let outcome = try locked { (memory, wakes) throws(StoreError) in unsafe try take(memory, &wakes, read) }
        guard case .wait = outcome, !patience.isNone else { return QueueResult(outcome) }
        return QueueResult(
            try waiting(for: .items, until: patience.deadline) { (memory, wakes) throws(StoreError) in
                unsafe try take(memory, &wakes, read)
            })
    }

    /// The same for an element of so many bytes, copied to `target`.
    @usableFromInline @unsafe
    func getPlain(
        _ patience: QueuePatience, _ count: Int, to target: UnsafeMutableRawPointer
    ) throws(StoreError) -> QueueResult {
        let outcome = try locked { (memory, wakes) throws(StoreError) in
            unsafe try takePlain(memory, &wakes, count, target)
        }
        guard case .wait = outcome, !patience.isNone else { return QueueResult(outcome) }
        return unsafe try getPlainSlowly(count, to: target, until: patience.deadline)
    }

    @inline(never) @unsafe
    private func getPlainSlowly(
        _ count: Int, to target: UnsafeMutableRawPointer, until deadline: Int64
    ) throws(StoreError) -> QueueResult {
        QueueResult(
            try waiting(for: .items, until: deadline) { (memory, wakes) throws(StoreError) in
                unsafe try takePlain(memory, &wakes, count, target)
            })
    }

    @inline(__always) @unsafe
    private func takePlain(
        _ memory: QueueMemory, _ wakes: inout Wakes, _ count: Int, _ target: UnsafeMutableRawPointer
    ) throws(StoreError) -> QueueOutcome<Void> {
        // Not by `take`: what goes through its closure counts references.
        switch try next(memory, &wakes) {
        case .done(let number):
            let bytes = unsafe try bytes(of: number, memory)
            guard bytes.count == count else { throw wrongSize }
            // No crash point: memory of this process alone.
            if let start = bytes.baseAddress { unsafe PlainCopy.copySettled(start, target, count) }
            try finishTaking(number, memory, &wakes)
            return .done(())
        case .end: return .end
        case .wait, .cancelled: return .wait
        }
    }

    /// Takes up to so many elements of `size` bytes under one lock, at least one, and puts them `step` bytes apart; returns how
    /// many there were, too.
    @usableFromInline @unsafe
    func getPlain(
        _ target: UnsafeMutableRawPointer, upTo most: Int, size: Int, step: Int, until deadline: Int64
    ) throws(StoreError) -> (result: QueueResult, count: Int) {
        // No crash point: see `QueueMemory.take`.
        var count = 0
        let outcome = try waiting(for: .items, until: deadline) {
            (memory, wakes) throws(StoreError) -> QueueOutcome<Void> in
            while count < most, case .done = try next(memory, &wakes) {
                unsafe count &+= try memory.take(
                    most &- count, to: target + count &* step, size: size, step: step, for: holder,
                    taken: { note($0) })
            }
            if count == 0 { return try nothingOutcome(memory, &wakes) }
            tellProducers(count, &wakes)
            return .done(())
        }
        return (QueueResult(outcome), count)
    }

    private func nothingOutcome(_ memory: QueueMemory, _ wakes: inout Wakes) throws(StoreError) -> QueueOutcome<Void> {
        if case .end = try nothing(memory, &wakes) { return .end }
        return .wait
    }

    /// For a task.
    @usableFromInline
    func get(until deadline: Int64) async throws(StoreError) -> (QueueResult, [UInt8]) {
        let outcome = try await waiting(for: .items, until: deadline) {
            (memory, wakes) throws(StoreError) -> QueueOutcome<[UInt8]> in
            var copy: [UInt8] = []
            let outcome = try unsafe self.take(memory, &wakes) { (bytes) throws(StoreError) in
                copy = unsafe [UInt8](bytes)
            }
            return switch outcome {
            case .done: .done(copy)
            case .end: .end
            case .wait, .cancelled: .wait
            }
        }
        if case .done(let copy) = outcome { return (.done, copy) }
        return (QueueResult(outcome), [])
    }

    /// Marks an item that was got for good as done. Throws if there is none.
    @usableFromInline
    func taskDone() throws(StoreError) {
        try checkWritable()
        let isDone = try locked { (memory, wakes) throws(StoreError) in
            guard memory.markDone(by: holder) else { return false }
            tellJoiners(&wakes)
            return true
        }
        if !isDone {
            throw StoreError(
                .invalidValue,
                "more items of the queue '\(cell.name)' were marked done than were got: call taskDone once for each get"
            )
        }
    }

    // MARK: Leases

    /// Leases one element of so many bytes, copied to `target`, waiting if need be.
    @usableFromInline @unsafe
    func leasePlain(
        _ patience: QueuePatience, _ count: Int, to target: UnsafeMutableRawPointer
    ) throws(StoreError) -> (result: QueueResult, ticket: QueueTicket?) {
        var ticket: QueueTicket?
        let outcome = try locked { (memory, wakes) throws(StoreError) in
            unsafe try leaseOne(memory, &wakes, count, target, &ticket)
        }
        guard case .wait = outcome, !patience.isNone else { return (QueueResult(outcome), ticket) }
        let late = try waiting(for: .items, until: patience.deadline) { (memory, wakes) throws(StoreError) in
            unsafe try leaseOne(memory, &wakes, count, target, &ticket)
        }
        return (QueueResult(late), ticket)
    }

    @inline(__always) @unsafe
    private func leaseOne(
        _ memory: QueueMemory, _ wakes: inout Wakes, _ count: Int, _ target: UnsafeMutableRawPointer,
        _ ticket: inout QueueTicket?
    ) throws(StoreError) -> QueueOutcome<Void> {
        switch try next(memory, &wakes) {
        case .done(let number):
            let bytes = unsafe try bytes(of: number, memory)
            guard bytes.count == count else { throw wrongSize }
            // No crash point: memory of this process alone.
            if let start = bytes.baseAddress { unsafe PlainCopy.copySettled(start, target, count) }
            try memory.lease(number, to: holder)
            note(number)
            let fields = unsafe memory.item(number).fields.pointee
            ticket = QueueTicket(number: number, sequence: fields.sequence, deliveries: fields.deliveries)
            return .done(())
        case .end: return .end
        case .wait, .cancelled: return .wait
        }
    }

    /// Ends one lease: the item is done. Throws `.leaseEnded` if it had ended before.
    @usableFromInline
    func acknowledge(_ ticket: QueueTicket) throws(StoreError) {
        // No crash point: see `QueueMemory.acknowledge`.
        let isDone = try locked { (memory, wakes) throws(StoreError) in
            guard memory.isLeased(ticket.number, ticket.sequence, ticket.deliveries, to: holder) else { return false }
            try memory.acknowledge(ticket.number)
            note(ticket.number)
            tellProducers(1, &wakes)
            tellJoiners(&wakes)
            tellOfTheEnd(memory, &wakes)
            return true
        }
        if !isDone { throw leaseEnded }
    }

    /// Leases up to so many.
    @usableFromInline
    func lease(
        _ most: Int, until deadline: Int64,
        _ read: (UnsafeRawBufferPointer, QueueTicket) throws(StoreError) -> Void
    ) throws(StoreError) -> QueueResult {
        QueueResult(
            try waiting(for: .items, until: deadline) { (memory, wakes) throws(StoreError) -> QueueOutcome<Void> in
                unsafe try leaseSome(most, memory, &wakes, read)
            })
    }

    @usableFromInline
    func lease(until deadline: Int64) async throws(StoreError) -> (QueueResult, [UInt8], QueueTicket?) {
        let outcome = try await waiting(for: .items, until: deadline) {
            (memory, wakes) throws(StoreError) -> QueueOutcome<([UInt8], QueueTicket)> in
            var found: ([UInt8], QueueTicket)?
            let outcome = try unsafe self.leaseSome(1, memory, &wakes) { (bytes, ticket) throws(StoreError) in
                found = unsafe ([UInt8](bytes), ticket)
            }
            if let found { return .done(found) }
            if case .end = outcome { return .end }
            return .wait
        }
        if case .done(let (bytes, ticket)) = outcome { return (.done, bytes, ticket) }
        return (QueueResult(outcome), [], nil)
    }

    private func leaseSome(
        _ most: Int, _ memory: QueueMemory, _ wakes: inout Wakes,
        _ read: (UnsafeRawBufferPointer, QueueTicket) throws(StoreError) -> Void
    ) throws(StoreError) -> QueueOutcome<Void> {
        // No crash point: see `QueueMemory.lease`.
        var count = 0
        while count < most {
            guard case .done(let number) = try next(memory, &wakes) else { break }
            try memory.lease(number, to: holder)
            note(number)
            let fields = unsafe memory.item(number).fields.pointee
            let ticket = QueueTicket(number: number, sequence: fields.sequence, deliveries: fields.deliveries)
            try unsafe read(bytes(of: number, memory), ticket)
            count += 1
        }
        return count > 0 ? .done(()) : try nothingOutcome(memory, &wakes)
    }

    /// Ends leases: the items are done. Throws `.leaseEnded` if one had ended before; the others are done all the same.
    @usableFromInline
    func acknowledge(_ tickets: [QueueTicket]) throws(StoreError) {
        // No crash point: see `QueueMemory.acknowledge`.
        let late = try locked { (memory, wakes) throws(StoreError) in
            var late = 0
            for ticket in tickets {
                guard memory.isLeased(ticket.number, ticket.sequence, ticket.deliveries, to: holder) else {
                    late += 1
                    continue
                }
                try memory.acknowledge(ticket.number)
                note(ticket.number)
            }
            tellProducers(tickets.count - late, &wakes)
            tellJoiners(&wakes)
            tellOfTheEnd(memory, &wakes)
            return late
        }
        if late > 0 { throw leaseEnded }
    }

    /// Turns the first of these leases into items that were got for good, and gives the others back as if they had never been
    /// delivered.
    @usableFromInline
    func keep(_ tickets: [QueueTicket], first count: Int, areDone: Bool) throws(StoreError) {
        // No crash point: see `QueueMemory.take`, `giveBack`.
        try locked { (memory, wakes) throws(StoreError) in
            for (index, ticket) in tickets.enumerated().reversed()
            where memory.isLeased(ticket.number, ticket.sequence, ticket.deliveries, to: holder) {
                if index < count {
                    if !areDone { memory.countTaken(by: holder) }
                    try memory.acknowledge(ticket.number)
                } else {
                    unsafe memory.item(ticket.number).fields.pointee.deliveries = ticket.deliveries &- 1
                    _ = try memory.giveBack(ticket.number)
                }
                note(ticket.number)
            }
            tellProducers(count, &wakes)
            tellConsumers(tickets.count - count, &wakes)
            tellJoiners(&wakes)
            tellOfTheEnd(memory, &wakes)
        }
    }

    /// Gives an item back, to be delivered again.
    @usableFromInline
    func reject(_ ticket: QueueTicket, delay: Duration) throws(StoreError) {
        // No crash point: see `QueueMemory.giveBack`.
        let due = Self.due(after: delay)
        let isDone = try locked { (memory, wakes) throws(StoreError) in
            guard memory.isLeased(ticket.number, ticket.sequence, ticket.deliveries, to: holder) else { return false }
            let became = try memory.giveBack(ticket.number, due: due)
            note(ticket.number)
            // One who sleeps may have to sleep for less long.
            if became != .dead { tellConsumers(1, &wakes) }
            tellJoiners(&wakes)
            tellOfTheEnd(memory, &wakes)
            return true
        }
        if !isDone { throw leaseEnded }
    }

    /// Has a lease begin anew. Throws `.leaseEnded`.
    @usableFromInline
    func extend(_ ticket: QueueTicket) throws(StoreError) {
        let isDone = try locked { (memory, _) throws(StoreError) in
            guard memory.isLeased(ticket.number, ticket.sequence, ticket.deliveries, to: holder) else { return false }
            guard memory.leaseTime > 0 else { return true }
            // No crash point: one word, which only this process changes while the lease is its.
            unsafe memory.item(ticket.number).fields.pointee.lease_end =
                QueueMemory.monotonicMilliseconds + UInt64(memory.leaseTime)
            return true
        }
        if !isDone { throw leaseEnded }
    }

    /// A closed queue in which nothing is left to come: those who wait for something are told.
    private func tellOfTheEnd(_ memory: QueueMemory, _ wakes: inout Wakes) {
        let state = unsafe memory.state.pointee
        guard memory.isClosed, state.ready | state.delayed | state.leased == 0 else { return }
        tellConsumers(.max, &wakes)
    }

    private var leaseEnded: StoreError {
        StoreError(
            .leaseEnded,
            "the lease of an item of the queue '\(cell.name)' had ended, and the item may have gone to somebody else: extend "
                + "the lease in time, or make the queue with a longer one")
    }
}

/// What an attempt came to, for the public types.
@usableFromInline
enum QueueResult {
    case done, end, wait, cancelled

    init<Result>(_ outcome: QueueOutcome<Result>) {
        switch outcome {
        case .done: self = .done
        case .end: self = .end
        case .wait: self = .wait
        case .cancelled: self = .cancelled
        }
    }
}

import CCellar

extension QueueCore {
    /// Settings of a put, as the caller gives them.
    @usableFromInline
    struct PutOptions {
        @usableFromInline var priority: Int
        @usableFromInline var delay: Duration?

        @inlinable @inline(__always)
        init(priority: Int, delay: Duration?) {
            self.priority = priority
            self.delay = delay
        }
    }

    @inline(__always)
    func how(_ options: PutOptions) throws(StoreError) -> QueuePut {
        if _slowPath(options.priority < 0 || options.priority >= memory.priorities) {
            throw noSuchPriority(options.priority)
        }
        let now = MonotonicClock.coarseWallMilliseconds()
        let due = options.delay.map { Self.due(after: $0) } ?? 0
        return QueuePut(priority: options.priority, due: due, now: now)
    }

    @inline(never)
    static func due(after delay: Duration) -> UInt64 {
        guard delay > .zero else { return 0 }
        let milliseconds = delay.nanoseconds / 1_000_000 &+ 1
        return MonotonicClock.wall() / 1_000_000 &+ UInt64(clamping: milliseconds)
    }

    @inline(never)
    private func noSuchPriority(_ priority: Int) -> StoreError {
        StoreError(
            .invalidValue,
            "the queue '\(cell.name)' has the priorities 0 to \(memory.priorities - 1), and not \(priority)")
    }

    /// Throws `.invalidValue` for an element that is too long.
    @usableFromInline
    func checkRoom(_ count: Int) throws(StoreError) {
        if _slowPath(count > memory.room) { throw tooLong(count) }
    }

    private func tooLong(_ count: Int) -> StoreError {
        StoreError(
            .invalidValue,
            "an element of \(count) bytes does not fit in the queue '\(cell.name)', which has room for \(memory.room): make it "
                + "with a larger maximumByteCount, under another name")
    }

    var closedError: StoreError {
        StoreError(.closed, "the queue '\(cell.name)' was closed: nothing more can be put, unless it is reopened")
    }

    /// Puts one element; false if there was no room.
    @usableFromInline @unsafe
    func put(_ bytes: UnsafeRawBufferPointer, _ options: PutOptions, _ patience: QueuePatience) throws(StoreError)
        -> Bool
    {
        // No crash point: see `QueueMemory.put`.
        try checkRoom(bytes.count)
        let how = try how(options)
        let isPut = try locked { (memory, wakes) throws(StoreError) in unsafe try attempt(bytes, how, memory, &wakes) }
        if _fastPath(isPut) || patience.isNone { return isPut }
        return unsafe try putSlowly(bytes, how, until: patience.deadline)
    }

    @inline(never) @unsafe
    private func putSlowly(_ bytes: UnsafeRawBufferPointer, _ how: QueuePut, until deadline: Int64) throws(StoreError)
        -> Bool
    {
        let outcome = try waiting(for: .spaces, until: deadline) {
            (memory, wakes) throws(StoreError) -> QueueOutcome<Void> in
            unsafe try attempt(bytes, how, memory, &wakes) ? .done(()) : .wait
        }
        if case .done = outcome { return true }
        return false
    }

    @inline(__always) @unsafe
    private func attempt(
        _ bytes: UnsafeRawBufferPointer, _ how: QueuePut, _ memory: QueueMemory, _ wakes: inout Wakes
    ) throws(StoreError) -> Bool {
        if memory.isClosed { throw closedError }
        guard let number = unsafe try memory.put(bytes, how) else { return false }
        note(number)
        noteHeader()
        tellConsumers(1, &wakes)
        return true
    }

    /// Puts one after another, as many at a time as there is room for, until the deadline has passed; returns how many.
    @usableFromInline
    func putSome(_ elements: [[UInt8]], _ options: PutOptions, until deadline: Int64) throws(StoreError) -> Int {
        for bytes in elements { try checkRoom(bytes.count) }
        let how = try how(options)
        var done = 0
        _ = try waiting(for: .spaces, until: deadline) { (memory, wakes) throws(StoreError) -> QueueOutcome<Void> in
            while done < elements.count {
                let bytes = elements[done]
                let isPut = try unsafe bytes.span.withUnsafeBytes { (bytes) throws(StoreError) in
                    unsafe try attempt(bytes, how, memory, &wakes)
                }
                if !isPut { return .wait }
                done += 1
            }
            return .done(())
        }
        return done
    }

    /// The same for elements of `size` bytes that lie `step` bytes apart.
    @usableFromInline @unsafe
    func putPlain(
        _ elements: UnsafeRawPointer, _ count: Int, size: Int, step: Int, _ options: PutOptions, until deadline: Int64
    ) throws(StoreError) -> Int {
        try checkRoom(size)
        let how = try how(options)
        var done = 0
        _ = try waiting(for: .spaces, until: deadline) { (memory, wakes) throws(StoreError) -> QueueOutcome<Void> in
            // No crash point: see `QueueMemory.put`.
            if memory.isClosed { throw closedError }
            let more = unsafe try memory.put(
                elements + done &* step, count &- done, size: size, step: step, how, placed: { note($0) })
            if more > 0 {
                noteHeader()
                tellConsumers(more, &wakes)
            }
            done &+= more
            return done == count ? .done(()) : .wait
        }
        return done
    }

    /// For a task: the bytes are its own.
    @usableFromInline
    func put(_ bytes: [UInt8], _ options: PutOptions, until deadline: Int64) async throws(StoreError) -> QueueResult {
        // No crash point: see `QueueMemory.put`.
        try checkRoom(bytes.count)
        let how = try how(options)
        let outcome = try await waiting(for: .spaces, until: deadline) {
            (memory, wakes) throws(StoreError) -> QueueOutcome<Void> in
            try unsafe bytes.span.withUnsafeBytes { (bytes) throws(StoreError) in
                unsafe try self.attempt(bytes, how, memory, &wakes) ? .done(()) : .wait
            }
        }
        return QueueResult(outcome)
    }
}

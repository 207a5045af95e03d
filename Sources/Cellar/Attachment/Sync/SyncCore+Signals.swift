import CCellar

// What the kinds of signals add.

extension SyncCore {
    /// Waits for the signal until then, unless `isOver` says, under the lock, that there is nothing to wait for. False if the
    /// time was over first.
    func waitForSignal(until deadline: Int64, unless isOver: () -> Bool) throws(StoreError) -> Bool {
        let seat = try locked { () throws(StoreError) in isOver() ? nil : try enterToWait() }
        guard let seat else { return true }
        return try wait(seat, until: deadline).map { _ in free(seat) } ?? false
    }

    /// The same for a task: blocks no thread.
    nonisolated(nonsending) func waitForSignalQuietly(
        until deadline: Int64, unless isOver: () -> Bool
    ) async throws -> Bool {
        let seat = try await whenLocked { isOver() ? nil : try enterToWait() }
        guard let seat else { return true }
        return try await waitQuietly(seat, until: deadline).map { _ in free(seat) } ?? false
    }

    // MARK: Events

    var isSet: Bool { table.word.acquire() == 1 }

    /// Killed after the first step, who comes next calls those who wait.
    func set() throws(StoreError) {
        try locked { () throws(StoreError) in
            // Release: pairs with the acquire in `isSet`, so who sees it set sees what was stored before.
            table.word.release(1)
            crashPoint("event: set")
            grants.passOn()
        }
    }

    func clear() throws(StoreError) {
        try locked { () throws(StoreError) in
            table.word.release(0)
            crashPoint("event: cleared")
        }
    }

    // MARK: Latches

    var leftToCount: Int { max(shape.count - Int(clamping: table.word.acquire()), 0) }

    func countDown(_ count: Int) throws(StoreError) {
        try locked { () throws(StoreError) in
            let counted = min(Int(clamping: table.word.relaxed()), shape.count)
            // Release: pairs with the acquire in `leftToCount`.
            table.word.release(UInt64(counted + min(count, shape.count - counted)))
            crashPoint("latch: counted down")
            grants.passOn()
        }
    }

    // MARK: Doing something once

    @usableFromInline
    var isDone: Bool { table.word.acquire() == 1 }

    /// The right to do it; nil if it is done.
    @usableFromInline
    func beginOnce(timeout: Duration?) throws(StoreError) -> PartySeat? {
        let seat = try locked { () throws(StoreError) in isDone ? nil : try enter(.exclusive) }
        guard let seat else { return nil }
        var state: PartyState? = table.party(seat.index).state
        if state?.phase == .waiting { state = try wait(seat, until: MonotonicClock.deadline(after: timeout)) }
        return try endedOnce(state, seat)
    }

    nonisolated(nonsending) func beginOnceQuietly(timeout: Duration?) async throws -> PartySeat? {
        let seat = try await whenLocked { isDone ? nil : try enter(.exclusive) }
        guard let seat else { return nil }
        var state: PartyState? = table.party(seat.index).state
        if state?.phase == .waiting {
            state = try await waitQuietly(seat, until: MonotonicClock.deadline(after: timeout))
        }
        return try endedOnce(state, seat)
    }

    /// What a wait for the right came to.
    private func endedOnce(_ state: PartyState?, _ seat: PartySeat) throws(StoreError) -> PartySeat? {
        guard let state else { throw timedOut }
        guard state.phase == .holding else {
            free(seat)
            return nil
        }
        // Who did it says so, and then leaves, both without the lock: it may have been between our looks at the two.
        guard isDone else { return seat }
        leave(seat)
        return nil
    }

    /// It is done. Release: pairs with the acquire in `isDone`, so who sees that sees what was done.
    @usableFromInline
    func endOnce() {
        if attachment.isForked { return }
        table.word.release(1)
        crashPoint("once: done")
    }

    // MARK: Conditions

    /// A place among those who wait; before the mutex is given back, so that no notice is missed.
    func enterCondition() throws(StoreError) -> PartySeat { try locked { () throws(StoreError) in try enterToWait() } }

    /// Ends an entry in whatever state it is.
    func end(_ seat: PartySeat) { if giveUp(seat) != nil { free(seat) } }

    func notify(all: Bool) throws(StoreError) {
        try locked { () throws(StoreError) in
            if all { grants.callAll() } else { grants.callOne() }
        }
    }
}

import CCellar

/// Waiting for the end of an entry's wait.
///
/// Who waits sleeps on the bell of its own entry. Whoever ends its wait changes the state, then rings. It also wakes after a
/// death, and by itself once a second, to put away what the dead left; so a waker that is killed, or stopped, before it rings
/// leaves nobody asleep for long, and neither does a process that leaves the store with something held.
extension SyncCore {
    private static let slice: Int64 = 1_000_000_000

    /// Waits until the entry waits no longer, and returns what it says then; nil where the time is over, and the entry given up.
    /// Throws `.closed`, `.removed`: the entry is given up too. `once`: also returns after a wake that ended no wait.
    func wait(_ seat: PartySeat, until deadline: Int64, once: Bool = false) throws(StoreError) -> PartyState? {
        while true {
            let heard = table.party(seat.index).bell.acquire()
            if let ended = try ending(of: seat) { return ended }
            let now = MonotonicClock.now()
            if now >= deadline { return giveUp(seat) }
            if attachment.spin.spin({ !isWaiting(seat) }) { continue }
            attachment.sleep(
                while: table.party(seat.index).bell, is: heard, until: min(deadline, now + Self.slice))
            guard isWaiting(seat) else { continue }
            lookForTheDead()
            if once { return try ending(of: seat) ?? PartyState(.waiting, .signal) }
        }
    }

    /// The same for a task: blocks no thread. Throws `CancellationError` too.
    nonisolated(nonsending) func waitQuietly(
        _ seat: PartySeat, until deadline: Int64, once: Bool = false
    ) async throws -> PartyState? {
        while true {
            let heard = table.party(seat.index).bell.acquire()
            if let ended = try ending(of: seat) { return ended }
            let now = MonotonicClock.now()
            if now >= deadline { return giveUp(seat) }
            let outcome = try await WaitingRooms.wait(
                while: table.party(seat.index).bell, is: heard, until: min(deadline, now + Self.slice),
                keeping: attachment, unless: { attachment.isClosed })
            if outcome == .cancelled {
                if let ended = giveUp(seat) { return ended }
                throw CancellationError()
            }
            guard isWaiting(seat) else { continue }
            lookForTheDead()
            if once { return try ending(of: seat) ?? PartyState(.waiting, .signal) }
        }
    }

    private func isWaiting(_ seat: PartySeat) -> Bool { table.party(seat.index).state.phase == .waiting }

    /// What the entry says, if it does not wait.
    private func ending(of seat: PartySeat) throws(StoreError) -> PartyState? {
        guard let party = table.party(seat), case let state = party.state, state.word != PartyState.free else {
            // Others take what a process has that closed the store.
            try attachment.checkUsable()
            throw placeGone
        }
        guard state.phase == .waiting else { return state }
        do throws(StoreError) {
            try attachment.checkUsable()
            if isRemoved { throw attachment.removedError }
        } catch {
            // What it got meanwhile is for others.
            if giveUp(seat) != nil { leave(seat) }
            throw error
        }
        return nil
    }

    /// Ends the wait, and lets those behind have what there is; what the entry says instead if it had ended before.
    func giveUp(_ seat: PartySeat) -> PartyState? {
        guard !attachment.isForked, let party = table.party(seat) else { return nil }
        if shape.kind == .barrier { return giveUpRound(seat, party) }
        let state = party.state
        guard state.phase == .waiting, state.tag == UInt16(truncatingIfNeeded: seat.ticket),
            party.exchange(state, PartyState(word: PartyState.free))
        else {
            return party.state
        }
        crashPoint("sync: gave up")
        lookForTheDead(patience: Self.briefly)
        return nil
    }

    // MARK: Locks

    /// Has what it asks for, by then.
    func acquire(
        _ how: PartyState.How, amount: Int = 1, token: UInt64 = 0, until deadline: @autoclosure () -> Int64
    ) throws(StoreError) -> PartySeat {
        let seat = try locked { () throws(StoreError) in try enter(how, amount: amount, token: token) }
        guard let seat else { throw timedOut }
        if table.party(seat.index).state.phase == .waiting { try requireHeld(try wait(seat, until: deadline()), seat) }
        return seat
    }

    /// Throws unless a wait ended with what was asked for.
    func requireHeld(_ state: PartyState?, _ seat: PartySeat) throws(StoreError) {
        guard let state else { throw timedOut }
        guard state.phase == .holding, state.tag == UInt16(truncatingIfNeeded: seat.ticket),
            table.party(seat) != nil
        else {
            try attachment.checkUsable()
            throw placeGone
        }
    }

    private var placeGone: StoreError {
        StoreError(.corruptSegment, "the place of this process among those who wait for \(title) is gone")
    }

    nonisolated(nonsending) func acquireQuietly(
        _ how: PartyState.How, amount: Int = 1, token: UInt64 = 0, until deadline: Int64
    ) async throws -> PartySeat {
        let seat = try await whenLocked { try enter(how, amount: amount, token: token) }
        guard let seat else { throw timedOut }
        if table.party(seat.index).state.phase == .waiting {
            try requireHeld(try await waitQuietly(seat, until: deadline), seat)
        }
        return seat
    }

    /// Runs `body`, and gives back what the seat has.
    nonisolated(nonsending) func ending<Result>(_ seat: PartySeat, after body: () throws -> Result) async throws
        -> Result
    {
        let outcome = Swift.Result { try body() }
        await leaveQuietly(seat)
        return try outcome.get()
    }

    var timedOut: StoreError {
        let holders = table.parties(.holding).prefix(3).map { party in
            LockHolder(UInt64(party.slot.acquire() &+ 1) | UInt64(party.since.acquire()) << 32, in: segment).description
        }
        let who = holders.isEmpty ? "others were before" : holders.joined(separator: ", ") + " held it"
        return StoreError(.timedOut, "\(title) was not to be had in time: \(who); wait longer, or end that process")
    }

    func waitedInVain(_ what: String) -> StoreError {
        StoreError(.timedOut, "\(what) \(title) was waited for in vain: wait longer")
    }
}

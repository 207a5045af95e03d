import CCellar

/// Barriers: a round ends when as many wait as there are parties. The word says which round it is, and whether that is broken;
/// to end it and to break it are one compare-and-exchange each, so one of both happens.
extension SyncCore {
    private enum Arrival {
        case last
        case waits(PartySeat, round: UInt64)
    }

    /// True for the last to come.
    func waitAtBarrier(until deadline: Int64) throws(StoreError) -> Bool {
        let arrival = try locked { () throws(StoreError) in try arrive() }
        guard case .waits(let seat, let round) = arrival else { return true }
        do throws(StoreError) {
            try passed(try wait(seat, until: deadline), seat)
        } catch {
            tellOthers(error, round)
            throw error
        }
        return false
    }

    /// The same for a task: blocks no thread.
    nonisolated(nonsending) func waitAtBarrierQuietly(until deadline: Int64) async throws -> Bool {
        let arrival = try await whenLocked { try arrive() }
        guard case .waits(let seat, let round) = arrival else { return true }
        do {
            try passed(try await waitQuietly(seat, until: deadline), seat)
        } catch {
            tellOthers(error, round)
            throw error
        }
        return false
    }

    /// Under the lock.
    private func arrive() throws(StoreError) -> Arrival {
        // The dead are not met with, and break nothing for who comes after.
        if table.isAwaited { settle() }
        let round = grants.round
        if round.isBroken { throw brokenError }
        if isComplete(round.number) {
            // Those of the round that is over learn it here; should this process die before, from whoever comes next.
            let (isOver, _) = table.word.compareExchange(round.number << 1, (round.number &+ 1) << 1)
            guard isOver else { throw brokenError }
            crashPoint("barrier: round over")
            grants.passOn()
            return .last
        }
        return .waits(try enterToWait(round: round.number), round: round.number)
    }

    /// Whether all others wait.
    private func isComplete(_ round: UInt64) -> Bool {
        table.parties(.waiting).count { $0.round.relaxed() == round } + 1 >= shape.count
    }

    /// What the wait came to; throws where the round is broken.
    private func passed(_ state: PartyState?, _ seat: PartySeat) throws(StoreError) {
        if let state {
            free(seat)
            guard state.phase == .called, state.amount == 0 else { throw brokenError }
        } else {
            throw waitedInVain("the others at")
        }
    }

    /// Breaks the round of the entry, and ends the entry: in this order, so that whoever resets the barrier meanwhile finds the
    /// one who gives up. What the entry says, or would say, where the round ended before.
    func giveUpRound(_ seat: PartySeat, _ party: Party) -> PartyState? {
        guard grants.breakRound(party.round.relaxed()) else {
            // The exchange that failed saw another round (acquire; pairs with the release of who moved the word). Who resets
            // calls all before that; so one who was not called met the others, and is called yet.
            let state = party.state
            return state.phase == .waiting ? state.now(.called).with(amount: 0) : state
        }
        free(seat)
        crashPoint("barrier: gave up")
        lookForTheDead(patience: Self.briefly)
        return nil
    }

    /// Who goes without having waited to the end breaks the round for those who wait.
    private func tellOthers(_ error: any Error, _ round: UInt64) {
        _ = grants.breakRound(round)
        lookForTheDead(patience: Self.briefly)
    }

    /// A new round; those who wait in the present one are told that it is broken.
    func resetBarrier() throws(StoreError) {
        try locked { () throws(StoreError) in
            let round = grants.round
            if !round.isBroken, table.isAwaited { _ = grants.breakRound(round.number) }
            grants.passOn()
            table.word.release((round.number &+ 1) << 1)
            crashPoint("barrier: reset")
        }
    }

    var brokenError: StoreError {
        StoreError(
            .broken,
            "\(title) is broken: one who waited there died, gave up, or it was reset; reset it when all are ready to begin anew"
        )
    }
}

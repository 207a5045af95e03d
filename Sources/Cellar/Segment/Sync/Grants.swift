import CCellar

/// Who of those who wait for a lock or signal need not wait any longer: under the structure's lock. Everything here can be
/// done again by whoever finds its author dead.
struct Grants {
    let table: PartyTable
    let shape: SyncShape

    // MARK: Entering

    /// Whether somebody who asks for so much can have it at once: it is there, and nobody waits for it.
    func isFree(for wanted: PartyState, _ survey: PartyTable.Survey) -> Bool {
        guard !survey.isAwaited else { return false }
        switch wanted.how {
        case .shared: return survey.exclusive == 0
        case .exclusive: return survey.exclusive == 0 && survey.shared == 0
        case .permits, .scoped: return wanted.amount <= permits - survey.permits
        case .signal, nil: return false
        }
    }

    /// A semaphore's permits, those that are held included.
    var permits: Int {
        min(shape.count + min(Int(clamping: table.word.relaxed()), SyncShape.mostCounted), SyncShape.mostCounted)
    }
    /// The most there can be.
    var mostPermits: Int { shape.bound == 0 ? SyncShape.mostCounted : shape.bound }

    /// The round of a barrier, and whether it is broken.
    var round: (number: UInt64, isBroken: Bool) {
        let word = table.word.acquire()
        return (word >> 1, word & 1 != 0)
    }

    // MARK: Those who wait

    /// Gives those who wait what there is for them, in the order in which they came, and wakes them. O(n log n).
    func passOn() {
        guard table.isAwaited else { return }
        switch shape.kind {
        case .recursiveMutex, .readWriteLock, .semaphore: passOnHoldings()
        case .once where table.word.relaxed() == 1: callAll()
        case .once: passOnHoldings()
        case .event: if table.word.relaxed() == 1 { callAll() }
        case .latch: if Int(clamping: table.word.relaxed()) >= shape.count { callAll() }
        case .barrier: callRounds()
        // A condition's are called by those who notify.
        case .condition, .mutex: break
        case .queue, .log, .pipe, .list, .block: break
        }
    }

    /// The first who cannot have it keeps the others from it, whatever they ask for.
    private func passOnHoldings() {
        var survey = table.survey()
        survey.isAwaited = false
        for party in table.parties(.waiting) {
            let state = party.state
            guard state.phase == .waiting else { continue }
            guard isFree(for: state, survey) else { return }
            party.end(state, as: .holding)
            crashPoint("grants: passed on")
            survey.add(state)
        }
    }

    func callAll(amount: Int = 0) {
        for party in table.parties(.waiting) { call(party, amount: amount) }
    }

    /// The one who has waited longest.
    func callOne() {
        for party in table.parties(.waiting) where call(party, amount: 0) { return }
    }

    @discardableResult
    private func call(_ party: Party, amount: Int) -> Bool {
        let state = party.state
        guard state.phase == .waiting else { return false }
        party.end(state, as: .called, amount: amount)
        crashPoint("grants: called")
        return party.state.phase == .called
    }

    /// Those of a round that ended may go; where the present one is broken, those of it learn that.
    private func callRounds() {
        let (round, isBroken) = round
        for party in table.parties(.waiting) {
            if party.round.relaxed() != round {
                call(party, amount: 0)
            } else if isBroken {
                call(party, amount: 1)
            }
        }
    }

    /// Breaks a barrier's round; false if it ended before.
    func breakRound(_ number: UInt64) -> Bool {
        let (done, found) = table.word.compareExchange(number << 1, number << 1 | 1)
        crashPoint("barrier: broken")
        return done || found == number << 1 | 1
    }

    // MARK: After a death

    /// Frees the entries of processes that are gone, and goes on with what they were at. `isSuspect`: somebody died with the
    /// lock. O(entries in use), and more where somebody waits.
    func dropDead(isSuspect: Bool, isAlive: (Party) -> Bool) {
        let gone = (0..<table.used).map(table.party).filter { party in
            let state = party.state
            return state.word != PartyState.free && (state.phase == nil || state.how == nil || !isAlive(party))
        }
        if shape.kind == .barrier { breakRound(without: gone, isSuspect) }
        for party in gone {
            // It was called, and did not live to do anything about it: somebody else is. Before the entry goes, lest nobody
            // knows of it; one too many looks, and waits on.
            if shape.kind == .condition, party.state.phase == .called { callOne() }
            crashPoint("grants: dead found")
            party.stateWord.release(PartyState.free)
            crashPoint("grants: dead dropped")
        }
        table.trim()
        passOn()
    }

    /// A round in which others wait is broken if one of it is gone, or died as it came.
    private func breakRound(without gone: [Party], _ isSuspect: Bool) {
        let number = round.number
        let waiting = table.parties(.waiting).filter { $0.round.relaxed() == number }
        let lost = gone.count { $0.state.phase == .waiting && $0.round.relaxed() == number }
        if lost > 0 || isSuspect, waiting.count > lost { _ = breakRound(number) }
    }
}

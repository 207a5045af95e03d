import CCellar

/// The memory of a lock or signal: its word, and the table of who waits for it and who holds it.
///
/// Who holds it, and how much of it, is what the entries say and nothing else. All but what a party does to its own entry
/// happens under the structure's lock.
@safe
struct PartyTable: @unchecked Sendable {
    private let head: UnsafeMutableRawPointer
    private let parties: UnsafeMutableRawPointer
    let capacity: Int

    /// Of a structure whose form is that of the shape.
    init(_ reference: StructureReference, _ shape: SyncShape) {
        unsafe head = reference.cell.payload
        unsafe parties = reference.index
        capacity = shape.partyCount
    }

    /// By kind:
    ///
    /// | kind | the word |
    /// |---|---|
    /// | mutex | 1 = it was made usable: from then on `whole` = 0 says that a holder died |
    /// | semaphore | permits that were added, beyond those of the beginning |
    /// | event | 1 = set |
    /// | barrier | rounds that ended << 1 \| 1 where the present one is broken |
    /// | latch | how often it was counted down |
    /// | once | 1 = it ran |
    var word: SharedWord { unsafe SharedWord(head + CELLAR_SYNC_WORD) }
    private var ticket: SharedWord { unsafe SharedWord(head + CELLAR_SYNC_TICKET) }
    /// Deaths that were looked into.
    var deaths: SharedWord { unsafe SharedWord(head + CELLAR_SYNC_DEATHS) }
    private var usedWord: SharedWord { unsafe SharedWord(head + CELLAR_SYNC_USED) }

    /// Entries from this one on are free.
    var used: Int { min(Int(clamping: usedWord.relaxed()), capacity) }

    func party(_ index: Int) -> Party { unsafe Party(parties + index &* MemoryLayout<cellar_party>.size) }

    /// The seat's entry, if it is still its own.
    func party(_ seat: PartySeat) -> Party? {
        let party = party(seat.index)
        return party.ticket.relaxed() == seat.ticket ? party : nil
    }

    // MARK: Under the lock

    /// What one walk over the table finds.
    struct Survey {
        var free: Int?
        var shared = 0
        var exclusive = 0
        var permits = 0
        var isAwaited = false

        /// Counts a party that holds it.
        mutating func add(_ state: PartyState) {
            switch state.how {
            case .shared: shared += 1
            case .exclusive: exclusive += 1
            case .permits, .scoped: permits += state.amount
            case .signal, nil: break
            }
        }
    }

    /// O(entries in use).
    func survey() -> Survey {
        var found = Survey()
        let used = used
        for index in 0..<used {
            let state = party(index).state
            switch state.phase {
            case .free: if found.free == nil { found.free = index }
            case .waiting: found.isAwaited = true
            case .holding: found.add(state)
            case .called, nil: break
            }
        }
        if found.free == nil, used < capacity { found.free = used }
        return found
    }

    /// The entries that are in a phase, the oldest first. O(n log n).
    func parties(_ phase: PartyState.Phase) -> [Party] {
        (0..<used).map(party).filter { $0.state.phase == phase }.sorted { $0.ticket.relaxed() < $1.ticket.relaxed() }
    }

    var isAwaited: Bool { (0..<used).contains { party($0).state.phase == .waiting } }

    /// Who enters.
    struct Entrant {
        var attachment: UInt64
        var slot: Int
        var token: UInt64 = 0
        var round: UInt64 = 0
    }

    /// Fills in a free entry and publishes it, which is the step that counts.
    func enter(_ index: Int, _ state: PartyState, _ entrant: Entrant) -> PartySeat {
        let number = ticket.relaxed() &+ 1
        ticket.setRelaxed(number)
        let party = party(index)
        party.ticket.setRelaxed(number)
        party.attachment.setRelaxed(entrant.attachment)
        party.token.setRelaxed(entrant.token)
        party.round.setRelaxed(entrant.round)
        party.slot.release(UInt32(truncatingIfNeeded: entrant.slot))
        party.since.release(MonotonicClock.coarseMilliseconds())
        if index >= used { usedWord.setRelaxed(UInt64(index + 1)) }
        crashPoint("party: entry filled in")
        // Pairs with the acquire in `Party.state`: who sees the state sees whose it is.
        party.stateWord.release(state.tagged(number).word)
        crashPoint("party: entered")
        return PartySeat(index: index, ticket: number)
    }

    /// Forgets free entries at the end, so that walks are short.
    func trim() {
        // No crash point: too many entries are walked over then, and none is missed.
        var end = used
        // Acquire: pairs with the exchange of the party that ended it without the lock; its ticket is read before that, and whoever
        // enters there next writes another after this.
        while end > 0, party(end - 1).state.word == PartyState.free { end -= 1 }
        if end != used { usedWord.setRelaxed(UInt64(end)) }
    }
}

import CCellar

/// What an entry of the table of parties says, in one word.
struct PartyState: Equatable, Sendable {
    /// | phase | means | next |
    /// |---|---|---|
    /// | free | nobody's | waiting or holding: by who enters, under the lock |
    /// | waiting | its party waits, in the order of the tickets | holding or called: by who has the lock; free: by its party, which gave up |
    /// | holding | its party has what it asked for, as much as `amount` | free: by its party |
    /// | called | its party need not wait any longer | free: by its party |
    ///
    /// Whoever has the lock frees the entries of dead processes. All steps but the one from free are compare-and-exchange, so
    /// that a party can end its entry without the lock.
    enum Phase: UInt8 {
        case free, waiting, holding, called
    }

    /// | how | means |
    /// |---|---|
    /// | shared | with others of the kind |
    /// | exclusive | alone |
    /// | permits | `amount` permits, which any thread of the process gives back |
    /// | scoped | `amount` permits, which end with a scope |
    /// | signal | waits for something to happen; called with the amount 1: it did not, and will not |
    enum How: UInt8 {
        case shared, exclusive, permits, scoped, signal
    }

    var word: UInt64

    init(word: UInt64) { self.word = word }
    init(_ phase: Phase, _ how: How, amount: Int = 1) {
        word =
            UInt64(phase.rawValue) | UInt64(how.rawValue) << 8 | UInt64(UInt32(truncatingIfNeeded: amount)) << 32
    }

    static let free: UInt64 = 0

    /// Nil for what only damaged memory says.
    var phase: Phase? { Phase(rawValue: UInt8(truncatingIfNeeded: word)) }
    var how: How? { How(rawValue: UInt8(truncatingIfNeeded: word >> 8)) }
    var amount: Int { Int(word >> 32) }
    /// The last bits of the ticket: an exchange finds an entry that was given to somebody else meanwhile to be another.
    var tag: UInt16 { UInt16(truncatingIfNeeded: word >> 16) }

    func tagged(_ ticket: UInt64) -> PartyState { PartyState(word: word & ~0xFFFF_0000 | (ticket & 0xFFFF) << 16) }

    /// The same in another phase.
    func now(_ phase: Phase) -> PartyState { PartyState(word: word & ~0xFF | UInt64(phase.rawValue)) }
    func with(amount: Int) -> PartyState {
        PartyState(word: word & 0xFFFF_FFFF | UInt64(UInt32(truncatingIfNeeded: amount)) << 32)
    }
}

/// An entry of the table of parties: somebody who waits for a lock or signal, or holds it.
///
/// All but the state is written while the entry is free, under the lock, and is published by the state (release; pairs with
/// the acquire of whoever reads it).
@safe
struct Party: @unchecked Sendable {
    let address: UnsafeMutableRawPointer

    @unsafe init(_ address: UnsafeMutableRawPointer) { unsafe self.address = unsafe address }

    var stateWord: SharedWord { unsafe SharedWord(address + CELLAR_PARTY_STATE) }
    var state: PartyState { PartyState(word: stateWord.acquire()) }
    var ticket: SharedWord { unsafe SharedWord(address + CELLAR_PARTY_TICKET) }
    var attachment: SharedWord { unsafe SharedWord(address + CELLAR_PARTY_ATTACHMENT) }
    var token: SharedWord { unsafe SharedWord(address + CELLAR_PARTY_TOKEN) }
    var round: SharedWord { unsafe SharedWord(address + CELLAR_PARTY_ROUND) }
    var slot: SharedFutex { unsafe SharedFutex(address + CELLAR_PARTY_SLOT) }
    var bell: SharedFutex { unsafe SharedFutex(address + CELLAR_PARTY_BELL) }
    var since: SharedFutex { unsafe SharedFutex(address + CELLAR_PARTY_SINCE) }

    /// Of permits: whether the waiter has seen that it has them, and looks at the entry no more. Until then they are not given back,
    /// or put together with others of the process.
    var isSeen: Bool { token.acquire() == ticket.relaxed() }

    /// By the waiter of the seat. Tickets only grow, so one whose entry went to another meanwhile marks nothing of the other's.
    func markSeen(_ seat: PartySeat) {
        // No crash point: for this process alone, and the entry goes with it.
        var found = token.acquire()
        while found < seat.ticket {
            let (isDone, original) = token.compareExchange(found, seat.ticket)
            if isDone { return }
            found = original
        }
    }

    /// Ends the entry, if it is still the seat's; by its party.
    func free(_ seat: PartySeat) -> Bool {
        while case let seen = state, seen.word != PartyState.free, seen.tag == UInt16(truncatingIfNeeded: seat.ticket),
            ticket.relaxed() == seat.ticket
        {
            // Acquire and release: who gets it next sees what was done with it.
            if exchange(seen, PartyState(word: PartyState.free)) {
                crashPoint("party: entry given back")
                return true
            }
        }
        return false
    }

    /// Another state in place of the one that was seen, unless the party ended meanwhile.
    func exchange(_ seen: PartyState, _ desired: PartyState) -> Bool {
        // No crash point: of those who call it.
        stateWord.compareExchange(seen.word, desired.word).exchanged
    }

    /// Ends the wait of a party: the state first, by which the change is made; then it is told. Killed in between, the bell is
    /// rung after the death.
    func end(_ seen: PartyState, as phase: PartyState.Phase, amount: Int? = nil) {
        let ended = amount.map { seen.now(phase).with(amount: $0) } ?? seen.now(phase)
        // For messages: since when it has it.
        if phase == .holding { since.release(MonotonicClock.coarseMilliseconds()) }
        guard exchange(seen, ended) else { return }
        crashPoint("party: state changed, not woken yet")
        bell.add(1)
        bell.wakeAll()
    }
}

/// A party's place in the table, and its ticket: whether the entry is still the party's.
@usableFromInline
struct PartySeat: Sendable {
    @usableFromInline let index: Int
    let ticket: UInt64
}

import CCellar

// What the kinds of locks add.

extension SyncCore {
    @usableFromInline
    func acquire(isShared: Bool, timeout: Duration?) throws(StoreError) -> PartySeat {
        try acquire(
            isShared ? .shared : .exclusive,
            until: attachment.lockDeadline(timeout))
    }

    /// Nil if it cannot be had at once.
    @usableFromInline
    func tryAcquire(isShared: Bool) throws(StoreError) -> PartySeat? {
        try locked { () throws(StoreError) in try enter(isShared ? .shared : .exclusive, onlyIfFree: true) }
    }

    nonisolated(nonsending) func acquireQuietly(isShared: Bool, timeout: Duration?) async throws -> PartySeat {
        try await acquireQuietly(
            isShared ? .shared : .exclusive,
            until: attachment.lockDeadline(timeout))
    }

    // MARK: Recursion

    /// The place of the calling thread, entered once more if it has one. Needs no lock: the entry is the thread's own.
    private func entered(_ token: UInt64) -> PartySeat? {
        for index in 0..<table.used {
            let party = table.party(index)
            let state = party.state
            guard state.phase == .holding, party.token.relaxed() == token, isOwn(party), state.amount < Int(UInt32.max)
            else { continue }
            guard party.exchange(state, state.with(amount: state.amount + 1)) else { continue }
            crashPoint("recursive mutex: entered again")
            return PartySeat(index: index, ticket: party.ticket.relaxed())
        }
        return nil
    }

    @usableFromInline
    func acquireAgain(timeout: Duration?) throws(StoreError) -> PartySeat {
        try checkWritable()
        try attachment.checkUsable()
        let token = cellar_thread_token()
        if let seat = entered(token) { return seat }
        return try acquire(
            .exclusive, token: token, until: attachment.lockDeadline(timeout))
    }

    @usableFromInline
    func tryAcquireAgain() throws(StoreError) -> PartySeat? {
        try checkWritable()
        try attachment.checkUsable()
        let token = cellar_thread_token()
        if let seat = entered(token) { return seat }
        return try locked { () throws(StoreError) in try enter(.exclusive, token: token, onlyIfFree: true) }
    }

    /// The entry is from here on the calling thread's, which runs a task's closure.
    func adopt(_ seat: PartySeat) {
        // No crash point: a word of this process alone.
        table.party(seat)?.token.setRelaxed(cellar_thread_token())
    }

    /// Leaves once; the last time gives the lock back.
    @usableFromInline
    func leaveOnce(_ seat: PartySeat) {
        guard !attachment.isForked, let party = table.party(seat) else { return }
        let state = party.state
        guard state.amount > 1 else { return leave(seat) }
        _ = party.exchange(state, state.with(amount: state.amount - 1))
        crashPoint("recursive mutex: left once")
    }

    // MARK: Semaphores

    /// Has so many permits, by then; they are added to those that the process has.
    func acquirePermits(_ count: Int, until deadline: @autoclosure () -> Int64) throws(StoreError) {
        let seat = try locked { () throws(StoreError) in try enterForPermits(count, onlyIfFree: false) }
        guard case .entered(let seat) = seat else { return }
        try havePermits(try wait(seat, until: deadline()), seat)
    }

    nonisolated(nonsending) func acquirePermitsQuietly(_ count: Int, until deadline: Int64) async throws {
        let seat = try await whenLocked { try enterForPermits(count, onlyIfFree: false) }
        guard case .entered(let seat) = seat else { return }
        try havePermits(try await waitQuietly(seat, until: deadline), seat)
    }

    /// What a wait for permits came to.
    private func havePermits(_ state: PartyState?, _ seat: PartySeat) throws(StoreError) {
        try requireHeld(state, seat)
        table.party(seat.index).markSeen(seat)
    }

    func tryAcquirePermits(_ count: Int) throws(StoreError) -> Bool {
        let outcome = try locked { () throws(StoreError) in try enterForPermits(count, onlyIfFree: true) }
        if case .refused = outcome { return false }
        return true
    }

    func requirePossible(_ count: Int) throws(StoreError) {
        guard count > grants.mostPermits else { return }
        throw StoreError(
            .limitReached, "\(title) never has \(count) permits: its most is \(grants.mostPermits); ask for fewer")
    }

    private enum Entering {
        case added, refused
        case entered(PartySeat)
    }

    /// Under the lock.
    private func enterForPermits(_ count: Int, onlyIfFree: Bool) throws(StoreError) -> Entering {
        try requirePossible(count)
        if grants.isFree(for: PartyState(.holding, .permits, amount: count), table.survey()),
            let own = ownPermits
        {
            let state = own.state
            if own.exchange(state, state.with(amount: state.amount + count)) {
                crashPoint("semaphore: permits added")
                return .added
            }
        }
        mergeOwnPermits()
        guard let seat = try enter(.permits, amount: count, onlyIfFree: onlyIfFree) else { return .refused }
        let party = table.party(seat.index)
        if party.state.phase == .waiting { return .entered(seat) }
        party.markSeen(seat)
        return .added
    }

    /// Puts what the process has into one entry, so that it takes no more of them than it has threads that wait. Under the lock.
    private func mergeOwnPermits() {
        var kept: Party?
        for party in (0..<table.used).lazy.map(table.party) where isOwnPermits(party) {
            guard let first = kept else {
                kept = party
                continue
            }
            let (sum, state) = (first.state, party.state)
            guard first.exchange(sum, sum.with(amount: sum.amount + state.amount)) else { continue }
            // No crash point: killed here or after it, both entries go with their process. Too many permits are in use for a
            // moment, which only those see who look without the lock.
            _ = party.exchange(state, PartyState(word: PartyState.free))
        }
    }

    /// Whether the entry says what permits this process has; not those on their way to one who waits yet.
    private func isOwnPermits(_ party: Party) -> Bool {
        let state = party.state
        return state.phase == .holding && state.how == .permits && isOwn(party) && party.isSeen
    }

    /// An entry whose permits any thread of the process may give back.
    private var ownPermits: Party? { (0..<table.used).lazy.map(table.party).first(where: isOwnPermits) }

    private var ownPermitCount: Int {
        (0..<table.used).reduce(0) { sum, index in
            let party = table.party(index)
            return isOwnPermits(party) ? sum + party.state.amount : sum
        }
    }

    /// Gives permits back; more than the process has are added.
    func releasePermits(_ count: Int) throws(StoreError) {
        try locked { () throws(StoreError) in
            let given = min(ownPermitCount, count)
            try addPermits(count - given, releasing: count)
            var left = given
            while left > 0, let party = ownPermits {
                let state = party.state
                let part = min(state.amount, left)
                left -= part
                let rest = state.amount - part
                _ = party.exchange(state, rest == 0 ? PartyState(word: PartyState.free) : state.with(amount: rest))
                crashPoint("semaphore: permits given back")
            }
            table.trim()
            grants.passOn()
        }
    }

    /// Permits that nobody had. Under the lock.
    private func addPermits(_ count: Int, releasing all: Int) throws(StoreError) {
        guard count > 0 else { return }
        let most = grants.mostPermits
        guard count <= most, grants.permits + count <= most else {
            throw StoreError(
                .limitReached,
                "\(title) has \(grants.permits) permits, of at most \(most), and this process has \(all - count) of them: it "
                    + "cannot release \(all)")
        }
        table.word.setRelaxed(table.word.relaxed() &+ UInt64(count))
        crashPoint("semaphore: permits made")
    }

    /// How many there are to be had; without the lock.
    var availablePermits: Int { max(grants.permits - table.survey().permits, 0) }

    @usableFromInline
    func acquireScoped(_ count: Int, timeout: Duration?) throws(StoreError) -> PartySeat {
        try requirePossible(count)
        return try acquire(
            .scoped, amount: count,
            until: attachment.lockDeadline(timeout))
    }
}

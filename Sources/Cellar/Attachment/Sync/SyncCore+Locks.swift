import CCellar

// What the kinds of locks add.

extension SyncCore {
    @usableFromInline
    func acquire(isShared: Bool, timeout: Duration?) throws(StoreError) -> PartySeat {
        try acquire(
            isShared ? .shared : .exclusive,
            until: MonotonicClock.deadline(after: timeout ?? attachment.options.lockTimeout))
    }

    /// Nil if it cannot be had at once.
    @usableFromInline
    func tryAcquire(isShared: Bool) throws(StoreError) -> PartySeat? {
        try locked { () throws(StoreError) in try enter(isShared ? .shared : .exclusive, onlyIfFree: true) }
    }

    nonisolated(nonsending) func acquireQuietly(isShared: Bool, timeout: Duration?) async throws -> PartySeat {
        try await acquireQuietly(
            isShared ? .shared : .exclusive,
            until: MonotonicClock.deadline(after: timeout ?? attachment.options.lockTimeout))
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
            .exclusive, token: token, until: MonotonicClock.deadline(after: timeout ?? attachment.options.lockTimeout))
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
        guard case .entered(let seat) = seat, table.party(seat.index).state.phase == .waiting else { return }
        if try wait(seat, until: deadline()) == nil { throw timedOut }
    }

    nonisolated(nonsending) func acquirePermitsQuietly(_ count: Int, until deadline: Int64) async throws {
        let seat = try await whenLocked { try enterForPermits(count, onlyIfFree: false) }
        guard case .entered(let seat) = seat, table.party(seat.index).state.phase == .waiting else { return }
        if try await waitQuietly(seat, until: deadline) == nil { throw timedOut }
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
            let own = ownPermits(from: 0)
        {
            let state = own.state
            if own.exchange(state, state.with(amount: state.amount + count)) {
                crashPoint("semaphore: permits added")
                return .added
            }
        }
        return try enter(.permits, amount: count, onlyIfFree: onlyIfFree).map(Entering.entered) ?? .refused
    }

    /// An entry, from the index on, whose permits any thread of the process may give back.
    private func ownPermits(from index: Int) -> Party? {
        for index in index..<max(table.used, index) {
            let party = table.party(index)
            if party.state.phase == .holding, party.state.how == .permits, isOwn(party) { return party }
        }
        return nil
    }

    private var ownPermitCount: Int {
        (0..<table.used).reduce(0) { sum, index in
            let party = table.party(index)
            let state = party.state
            return state.phase == .holding && state.how == .permits && isOwn(party) ? sum + state.amount : sum
        }
    }

    /// Gives permits back; more than the process has are added.
    func releasePermits(_ count: Int) throws(StoreError) {
        try locked { () throws(StoreError) in
            let given = min(ownPermitCount, count)
            try addPermits(count - given, releasing: count)
            var left = given
            while left > 0, let party = ownPermits(from: 0) {
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
            until: MonotonicClock.deadline(after: timeout ?? attachment.options.lockTimeout))
    }
}

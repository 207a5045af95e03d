import CCellar

/// One process's side of a lock or signal that has parties: entering its table, and leaving it.
@usableFromInline
final class SyncCore: Sendable {
    let attachment: Attachment
    let reference: StructureReference
    let table: PartyTable
    let shape: SyncShape
    let name: String
    let segment: Segment
    /// Number of the attachment; 0 for one that only looks.
    private let number: UInt64

    init(_ found: StructureCell) throws(StoreError) {
        guard let shape = SyncShape(parsing: found.form.text, found.form.kind) else {
            throw StoreError(.corruptSegment, "what '\(found.name)' is said to be makes no sense")
        }
        self.shape = shape
        attachment = found.attachment
        reference = found.reference
        name = found.name
        segment = found.segment
        table = PartyTable(found.reference, shape)
        number = found.attachment.keeper?.attachment ?? 0
        // Some are not locked again once they are done: whoever asks for one finishes what a dead process was at.
        if found.reference.cell.lock.isAbandoned, number != 0 { try locked {} }
    }

    var grants: Grants { Grants(table: table, shape: shape) }
    var isRemoved: Bool { reference.cell.isRemoved }
    /// What the store's name and this one's are for messages.
    var title: String { "the \(shape.kind.rawValue) '\(name)'" }

    // MARK: The structure's lock

    /// Runs `body` under the structure's lock, which is held for short; what dead processes left is put away before.
    func locked<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        try checkWritable()
        try attachment.lock(reference.cell, timeout: nil)
        defer { unlock() }
        try prepare()
        return try body()
    }

    /// The same for a task: blocks no thread while the lock is taken.
    nonisolated(nonsending) func whenLocked<Result>(_ body: () throws -> Result) async throws -> Result {
        try checkWritable()
        return try await attachment.whenLocked(reference.cell, until: attachment.deadline) {
            try prepare()
            return try body()
        }
    }

    func checkWritable() throws(StoreError) {
        if attachment.writePolicy == Attachment.readOnly { throw attachment.readOnlyError }
    }

    private func prepare() throws(StoreError) {
        // No crash point: a word for messages.
        reference.cell.holder.setRelaxed(LockHolder.briefly(slot: attachment.slot))
        if isRemoved { throw attachment.removedError }
        if reference.whole.relaxed() != 1 || table.deaths.relaxed() != reference.deaths.relaxed() { settle() }
    }

    func unlock() { reference.cell.lock.unlock() }

    /// Puts away what dead processes left, and goes on with what they were at. Under the lock.
    func settle() {
        let deaths = reference.deaths.acquire()
        let isSuspect = reference.whole.relaxed() != 1
        let processes = ProcessTable(segment: segment)
        grants.dropDead(isSuspect: isSuspect) { party in
            processes.isAttached(party.attachment.relaxed(), slot: Int(party.slot.acquire()))
        }
        table.deaths.setRelaxed(deaths)
        crashPoint("sync: settled")
        reference.whole.release(1)
    }

    // MARK: Entering

    func entrant(token: UInt64 = 0, round: UInt64 = 0) -> PartyTable.Entrant {
        PartyTable.Entrant(attachment: number, slot: attachment.slot, token: token, round: round)
    }

    /// Has what it asks for, or waits for it. Under the lock.
    func enter(_ how: PartyState.How, amount: Int = 1, token: UInt64 = 0, onlyIfFree: Bool = false) throws(StoreError)
        -> PartySeat?
    {
        table.trim()
        var survey = table.survey()
        if !grants.isFree(for: PartyState(.holding, how, amount: amount), survey) || survey.free == nil {
            // Before waiting, or giving up: those who are in the way may be dead, and nobody noticed yet.
            settle()
            survey = table.survey()
        }
        let isFree = grants.isFree(for: PartyState(.holding, how, amount: amount), survey)
        if !isFree, onlyIfFree { return nil }
        guard let place = survey.free else { throw isFull }
        return table.enter(
            place, PartyState(isFree ? .holding : .waiting, how, amount: amount), entrant(token: token))
    }

    /// Waits for a signal. Under the lock.
    func enterToWait(round: UInt64 = 0) throws(StoreError) -> PartySeat {
        if table.survey().free == nil { settle() }
        guard let place = table.survey().free else { throw isFull }
        return table.enter(place, PartyState(.waiting, .signal, amount: 0), entrant(round: round))
    }

    private var isFull: StoreError {
        StoreError(
            .limitReached,
            "\(SyncShape.mostParties) wait for \(title) or hold it, which is the most: let some of them end first")
    }

    /// Whether the entry is this process's.
    func isOwn(_ party: Party) -> Bool { party.attachment.relaxed() == number }

    // MARK: Leaving

    /// Ends an entry of this process's own, whatever it says, and passes on what it had.
    ///
    /// The entry is free at once, without the lock. If that cannot be had, because its holder is stopped, those who wait find
    /// out by themselves a second later.
    @usableFromInline
    func leave(_ seat: PartySeat) {
        guard free(seat), case .locked = lockToLook(attachment.options.lockTimeout) else { return }
        table.trim()
        grants.passOn()
        unlock()
    }

    /// The same for a task: blocks no thread.
    nonisolated(nonsending) func leaveQuietly(_ seat: PartySeat) async {
        free(seat)
        do {
            try await whenLocked { grants.passOn() }
        } catch {
            // Also where the task was cancelled meanwhile.
            lookForTheDead(patience: Self.briefly)
        }
    }

    /// Ends an entry of one who was called, or who gives up: there is nothing to pass on.
    @discardableResult
    func free(_ seat: PartySeat) -> Bool {
        // A child of a fork in the middle of a closure has nothing to give back.
        !attachment.isForked && table.party(seat.index).free(seat)
    }

    /// Takes the lock even of a closed store, to tidy up.
    private func lockToLook(_ patience: Duration) -> RobustMutex.Outcome {
        let lock = reference.cell.lock
        let outcome = lock.lock(until: MonotonicClock.deadline(after: patience))
        guard case .ownerDied = outcome else { return outcome }
        guard (try? CellLock(reference: reference.cell, segment: segment).mend()) != nil else { return .busy }
        settle()
        return .locked
    }

    /// Puts away what the dead left, and passes on what there is, if the lock is to be had soon. Where it is not, those who wait
    /// look again.
    func lookForTheDead(patience: Duration = .zero) {
        // Of a closed store this process's own entries look dead.
        guard !attachment.isForked, !attachment.isClosed, case .locked = lockToLook(patience) else { return }
        settle()
        unlock()
    }

    /// For a lock that others have for some tens of nanoseconds, unless they are stopped.
    static let briefly: Duration = .milliseconds(5)
}

import CCellar
import Glibc

/// Runs snapshots: again, where what was read is not of one moment.
extension Attachment {
    /// How often a snapshot begins again before it keeps transactions out.
    private static let attempts = 8

    /// What `body` came to last counts.
    @usableFromInline
    func snapshot(timeout: Duration?, _ body: (TransactionCore) throws -> Void) throws {
        try checkUsable()
        let core = TransactionCore(self)
        var deadline: Int64?
        var needsDatabase = false
        var attempt = 0
        while true {
            switch try look(core, needsDatabase, body) {
            case nil: return
            case .needsDatabase: needsDatabase = true
            case .changed, .needsRecords: attempt += 1
            }
            let end = deadline ?? lockDeadline(timeout)
            deadline = end
            if MonotonicClock.now() >= end {
                throw StoreError(.timedOut, "what a snapshot reads was changed again and again while it was read")
            }
            guard attempt >= Self.attempts, writePolicy != Self.readOnly, let area = core.area, !transactions.isMine
            else { continue }
            try area.acquire(until: end, as: slot)
            transactions.enter()
            defer {
                transactions.leave()
                area.release()
            }
            if try look(core, needsDatabase, body) == nil { return }
        }
    }

    /// Once, with the database's snapshot or without. Nil if it succeeded.
    private func look(
        _ core: TransactionCore, _ needsDatabase: Bool, _ body: (TransactionCore) throws -> Void
    ) throws -> TransactionCore.Restart? {
        // Before the database's snapshot: a transaction that commits between the two is noticed.
        guard let start = core.area.map(\.quietSequence) ?? 0 else {
            // A transaction makes its changes, or died at it.
            usleep(50)
            return .changed
        }
        guard needsDatabase else { return try look(core, at: start, in: nil, body) }
        var outcome: Result<TransactionCore.Restart?, any Error> = .success(.changed)
        try catalogue.database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            let raw = transaction.raw
            outcome = Result { try look(core, at: start, in: raw, body) }
        }
        return try outcome.get()
    }

    private func look(
        _ core: TransactionCore, at start: UInt64, in raw: RawTransaction?, _ body: (TransactionCore) throws -> Void
    ) throws -> TransactionCore.Restart? {
        core.begin(at: start, in: raw)
        defer { core.end() }
        do {
            try body(core)
        } catch {
            if let restart = core.restart { return restart }
            throw error
        }
        if let restart = core.restart { return restart }
        // First what is of transactions, which may be what the rest fails for.
        guard core.area?.isUnchanged(since: start) ?? true, try core.reads.isCurrent() else { return .changed }
        return nil
    }
}

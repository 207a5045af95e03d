import CCellar

/// When a transaction's changes are on disk.
public enum TransactionDurability: Hashable, Sendable {
    /// With the next checkpoint, all of them at once; changes to tables when it returns, and all others with them.
    case memory
    /// When it returns.
    case disk
}

/// Runs transactions. What begins again does so here; how one ends is in `TransactionCore`.
extension Attachment {
    /// What `body` came to last counts.
    @usableFromInline
    func transaction(
        _ durability: TransactionDurability, timeout: Duration?, _ body: (TransactionCore) throws -> Void
    ) throws {
        try checkWritable()
        try checkNotNested()
        guard let segment else { throw readOnlyError }
        let area = TransactionArea(segment: segment)
        let patience = timeout ?? options.lockTimeout
        if durability == .memory, try runInMemory(area, patience, body) { return }
        let deadline = MonotonicClock.deadline(after: patience)
        var obstacle: StoreError?
        while true {
            switch try runOnDisk(area, deadline, body) {
            case nil: return
            case .needsRecords:
                // What keeps other cells from the disk need not keep these.
                do throws(StoreError) { try sync(timeout: patience) } catch { obstacle = error }
            case .changed, .needsDatabase: break
            }
            if MonotonicClock.now() >= deadline { throw obstacle ?? changedTooOften }
        }
    }

    func checkNotNested() throws(StoreError) {
        if transactions.isMine || catalogue.database.isWriting {
            throw StoreError(
                .inUse, "a transaction is open in this thread; transactions do not nest: do all of it in one")
        }
    }

    private var changedTooOften: StoreError {
        StoreError(.timedOut, "what a transaction read was changed again and again by others, outside of transactions")
    }

    // MARK: In memory

    /// Runs it until it succeeds; false if it needs the database.
    private func runInMemory(
        _ area: TransactionArea, _ patience: Duration, _ body: (TransactionCore) throws -> Void
    ) throws -> Bool {
        var deadline: Int64?
        try area.acquire(until: MonotonicClock.deadline(after: patience), as: slot)
        defer { area.release() }
        transactions.enter()
        defer { transactions.leave() }
        let core = transactions.core(for: self)
        defer { core.end() }
        while true {
            core.begin()
            do {
                try body(core)
                if core.restart == nil {
                    try core.prepare(until: MonotonicClock.deadline(after: patience))
                    try core.commit()
                    return true
                }
            } catch {
                core.abandon()
                if core.restart == nil { throw error }
            }
            if core.restart != .changed { return false }
            let end = deadline ?? MonotonicClock.deadline(after: patience)
            deadline = end
            if MonotonicClock.now() >= end { throw changedTooOften }
        }
    }

    // MARK: On disk

    /// Runs it once, in a transaction of the database; that one's lock is taken first, as by checkpoints. Nil if it succeeded.
    private func runOnDisk(
        _ area: TransactionArea, _ deadline: Int64, _ body: (TransactionCore) throws -> Void
    ) throws -> TransactionCore.Restart? {
        let run = DiskRun(attachment: self, area: area, entries: try catalogue.entries(creates: true))
        defer { run.leave() }
        do {
            let patience = Duration.nanoseconds(max(deadline - MonotonicClock.now(), 0))
            try catalogue.database.write(patience: patience) { (transaction) throws(StoreError) in
                try run.run(body, until: deadline, in: transaction)
            }
        } catch {
            guard let core = run.core else { throw error }
            // The database may have it although it says that something went wrong. Where it does not answer, the record stays, for
            // who comes next to ask.
            guard area.state == .onDisk, try catalogue.hasTransaction(run.name) else {
                core.abandon()
                if let restart = core.restart { return restart }
                throw run.thrown ?? error
            }
        }
        try run.core?.commitOnDisk()
        run.core?.noteCommitted()
        return nil
    }
}

/// A transaction inside one of the database, which may run it again in a larger map.
private final class DiskRun {
    private let attachment: Attachment
    private let area: TransactionArea
    private let entries: NamedDatabase?
    /// What the database knows it by.
    let name = UInt64.random(in: 1 ... .max)
    /// Where the transactions' lock is held.
    private(set) var core: TransactionCore?
    /// What the body threw.
    private(set) var thrown: (any Error)?

    init(attachment: Attachment, area: TransactionArea, entries: NamedDatabase?) {
        self.attachment = attachment
        self.area = area
        self.entries = entries
    }

    func run(
        _ body: (TransactionCore) throws -> Void, until deadline: Int64, in transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        // No crash point: `TransactionCore` has them.
        let core = try enter(until: deadline)
        core.begin(in: transaction.raw)
        do { try body(core) } catch {
            thrown = error
            throw StoreError(wrapping: error)
        }
        if let restart = core.restart { throw core.begin(again: restart) }
        try core.prepare(until: deadline)
        try write(core, in: transaction)
    }

    private func enter(until deadline: Int64) throws(StoreError) -> TransactionCore {
        // No crash point: `TransactionArea` has them.
        if let core {
            // The map had to grow: once more, from the beginning.
            core.abandon()
            thrown = nil
            return core
        }
        try area.acquire(until: deadline, as: attachment.slot)
        attachment.transactions.enter()
        let core = attachment.transactions.core(for: attachment)
        self.core = core
        return core
    }

    func leave() {
        guard let core else { return }
        core.releaseLocks()
        core.end()
        attachment.transactions.leave()
        area.release()
    }

    private func write(_ core: TransactionCore, in transaction: borrowing WriteTransaction) throws(StoreError) {
        // No crash point: nothing of a transaction is there before its commit.
        if core.writes.isEmpty { return }
        let catalogue = attachment.catalogue
        let checkpoint = TransactionCheckpoint(segment: area.segment, catalogue: catalogue, entries: entries)
        do throws(StoreError) {
            let items = core.writes.all.map { core.writes.item($0) }
            let (pieces, _) = try TouchedPieces(area: area).drain()
            try checkpoint.write(try checkpoint.copy(pieces, items), in: transaction)
        } catch {
            if error == TransactionCheckpoint.unrecorded { throw core.begin(again: .needsRecords) }
            throw error
        }
        try catalogue.set(.transaction, to: name, in: transaction)
        core.offer(as: name)
    }
}

import CCellar
import Glibc

/// When a transaction's changes are on disk.
public enum TransactionDurability: Hashable, Sendable {
    /// With the next checkpoint, all of them at once; changes to tables when it returns, and all others with them.
    case memory
    /// When it returns.
    case disk
}

/// Runs transactions. What begins again does so here; how one ends is in `TransactionCore`.
extension Attachment {
    @usableFromInline
    func transaction<Result>(
        _ durability: TransactionDurability, timeout: Duration?, _ body: (TransactionCore) throws -> Result
    ) throws -> Result {
        try checkWritable()
        try checkNotNested()
        guard let segment else { throw readOnlyError }
        let area = TransactionArea(segment: segment)
        let patience = timeout ?? options.lockTimeout
        let deadline = MonotonicClock.deadline(after: patience)
        if durability == .memory {
            switch try runInMemory(area, deadline, body) {
            case .success(let result): return result
            case .failure: break
            }
        }
        while true {
            switch try runOnDisk(area, deadline, body) {
            case .success(let result): return result
            case .failure(.needsRecords): try sync(timeout: patience)
            case .failure: break
            }
            if MonotonicClock.now() >= deadline { throw changedTooOften }
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

    /// Runs it until it succeeds; a failure is that it needs the database.
    private func runInMemory<Result>(
        _ area: TransactionArea, _ deadline: Int64, _ body: (TransactionCore) throws -> Result
    ) throws -> Swift.Result<Result, TransactionCore.Restart> {
        try area.acquire(until: deadline, as: slot)
        defer { area.release() }
        transactions.enter()
        defer { transactions.leave() }
        let core = transactions.core(for: self)
        defer { core.end() }
        while true {
            core.begin()
            do {
                let result = try body(core)
                if core.restart == nil {
                    try core.prepare(until: deadline)
                    try core.commit()
                    return .success(result)
                }
            } catch {
                core.abandon()
                if core.restart == nil { throw error }
            }
            if core.restart != .changed { return .failure(.needsDatabase) }
            if MonotonicClock.now() >= deadline { throw changedTooOften }
        }
    }

    // MARK: On disk

    /// Runs it once, in a transaction of the database; that one's lock is taken first, as by checkpoints.
    private func runOnDisk<Result>(
        _ area: TransactionArea, _ deadline: Int64, _ body: (TransactionCore) throws -> Result
    ) throws -> Swift.Result<Result, TransactionCore.Restart> {
        let entries = try catalogue.entries(creates: true)
        let core = transactions.core(for: self)
        var result: Result?
        var thrown: (any Error)?
        var isLocked = false
        let name = UInt64.random(in: 1 ... .max)
        defer {
            if isLocked {
                core.end()
                transactions.leave()
                area.release()
            }
        }
        do {
            let patience = Duration.nanoseconds(max(deadline - MonotonicClock.now(), 0))
            try catalogue.database.write(patience: patience) { (transaction) throws(StoreError) in
                // The map had to grow: once more, from the beginning.
                if isLocked { core.abandon() }
                thrown = nil
                if !isLocked { try area.acquire(until: deadline, as: slot) }
                isLocked = true
                transactions.enter()
                core.begin(in: transaction.raw)
                do { result = try body(core) } catch {
                    thrown = error
                    throw StoreError(wrapping: error)
                }
                if core.restart != nil { throw core.begin(again: core.restart!) }
                try core.prepare(until: deadline)
                try write(core, area, entries, name, in: transaction)
            }
        } catch {
            // The database may have it although it says that something went wrong.
            guard isLocked else { throw error }
            guard area.state == .onDisk, try catalogue.hasTransaction(name) else {
                core.abandon()
                if let restart = core.restart { return .failure(restart) }
                throw thrown ?? error
            }
        }
        try core.commitOnDisk()
        return .success(result!)
    }

    private func write(
        _ core: TransactionCore, _ area: TransactionArea, _ entries: NamedDatabase?, _ name: UInt64,
        in transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        // No crash point: nothing of a transaction is there before its commit.
        if core.writes.isEmpty { return }
        let checkpoint = TransactionCheckpoint(segment: area.segment, catalogue: catalogue, entries: entries)
        do throws(StoreError) {
            let items = core.writes.all.map { core.writes.item($0) }
            let (pieces, _) = try TouchedPieces(area: area).drain()
            try checkpoint.write(pieces, items, in: transaction)
        } catch {
            if error == TransactionCheckpoint.unrecorded { throw core.begin(again: .needsRecords) }
            throw error
        }
        try catalogue.set(.transaction, to: name, in: transaction)
        core.offer(as: name)
    }

    // MARK: Snapshots

    /// How often a snapshot begins again before it keeps transactions out.
    private static let attempts = 8

    @usableFromInline
    func snapshot<Result>(timeout: Duration?, _ body: (TransactionCore) throws -> Result) throws -> Result {
        try checkUsable()
        let deadline = MonotonicClock.deadline(after: timeout ?? options.lockTimeout)
        let core = TransactionCore(self)
        var needsDatabase = false
        var attempt = 0
        while true {
            attempt += 1
            let outcome: Swift.Result<Result, TransactionCore.Restart>
            if attempt > Self.attempts, writePolicy != Self.readOnly, let area = core.area, !transactions.isMine {
                try area.acquire(until: deadline, as: slot)
                defer { area.release() }
                outcome = try look(core, needsDatabase, body)
            } else {
                outcome = try look(core, needsDatabase, body)
            }
            switch outcome {
            case .success(let result): return result
            case .failure(.needsDatabase): needsDatabase = true
            case .failure: break
            }
            if MonotonicClock.now() >= deadline {
                throw StoreError(.timedOut, "what a snapshot reads was changed again and again while it was read")
            }
        }
    }

    /// Once, with the database's snapshot or without.
    private func look<Result>(
        _ core: TransactionCore, _ needsDatabase: Bool, _ body: (TransactionCore) throws -> Result
    ) throws -> Swift.Result<Result, TransactionCore.Restart> {
        guard needsDatabase else { return try look(core, in: nil, body) }
        var outcome: Swift.Result<Swift.Result<Result, TransactionCore.Restart>, any Error>?
        try catalogue.database.read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            let raw = transaction.raw
            outcome = Swift.Result { try look(core, in: raw, body) }
        }
        return try outcome!.get()
    }

    private func look<Result>(
        _ core: TransactionCore, in raw: RawTransaction?, _ body: (TransactionCore) throws -> Result
    ) throws -> Swift.Result<Result, TransactionCore.Restart> {
        guard let start = core.area.map(\.quietSequence) ?? 0 else {
            // A transaction makes its changes, or died at it.
            usleep(50)
            return .failure(.changed)
        }
        core.begin(at: start, in: raw)
        defer { core.end() }
        do {
            let result = try body(core)
            if core.restart == nil, try core.reads.isCurrent(), core.area?.isUnchanged(since: start) ?? true {
                return .success(result)
            }
            return .failure(core.restart ?? .changed)
        } catch {
            if let restart = core.restart { return .failure(restart) }
            throw error
        }
    }
}

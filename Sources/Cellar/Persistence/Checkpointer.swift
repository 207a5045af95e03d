import CCellar
import Glibc
import Logging

/// Copies what is dirty in the segment to the database, one transaction a pass.
///
/// Steps of a pass, and what the next checkpointer finds if this one is killed after each:
/// 1. number it: nothing. 2. collect the dirty cells, their bits moved to `taken`: the successor moves them back.
/// 3. take the marks: likewise. 4. barrier and copy, in an open transaction: the database rolls it back. 5. copy what
/// transactions changed, as of one moment: likewise. 6. commit: the successor writes the same once more. 7. settle the
/// marks: some are taken still, and are written once more. 8. say so.
struct Checkpointer {
    let segment: Segment
    let catalogue: Catalogue
    let logger: Logger
    let slot: Int

    private var gate: CheckpointGate { CheckpointGate(segment: segment) }
    private var table: CellTable { CellTable(segment: segment) }

    // MARK: Taking over

    /// Gives back what a predecessor took and did not finish. Before the first pass.
    func takeOver() throws(StoreError) {
        for index in 0..<Int(CELLAR_TABLE_PAGES) {
            guard let page = try? table.page(index) else { continue }
            for word in 0..<CellTable.Page.words { try putBack(page, word) }
        }
    }

    private func putBack(_ page: CellTable.Page, _ word: Int) throws(StoreError) {
        let taken = page.taken(word).ordered()
        try forEachBit(taken) { bit throws(StoreError) in
            // One that is damaged is for the next pass to tell of.
            let id = page.index << 12 + word << 6 + bit
            if let cell = try? table.cell(id), cell.kind == .dictionary { _ = DirtyMark(cell.mark).putBack() }
            if let piece = try? piece(id) { piece.putBack() }
        }
        crashPoint("take over: marks put back")
        page.dirty(word).formOr(taken)
        crashPoint("take over: cells dirty")
        page.taken(word).formAnd(~taken)
        crashPoint("take over: cells not taken")
        if page.dirty(word).ordered() != 0 {
            table.dirtyPages(page.index >> 6).formOr(1 << UInt64(page.index & 63))
        }
    }

    /// Readers of the database that died keep its pages from being used again.
    func forgetDeadReaders() {
        do throws(StoreError) { try catalogue.database.clearDeadReaders() } catch {
            logger.warning("could not clear dead readers", metadata: ["error": "\(error)"])
        }
    }

    // MARK: A pass

    /// Whether a pass has something to do.
    var isWanted: Bool {
        table.hasDirtyPages || isRequested || gate.verify.acquire() != gate.verified.acquire()
    }

    var isRequested: Bool { gate.isRequested }

    /// Runs one pass. Returns what kept it from being whole, if anything did.
    @discardableResult
    func pass() -> StoreError? {
        let number = gate.begun.add(1) &+ 1
        crashPoint("pass: numbered")
        let started = MonotonicClock.now()
        let verify = gate.verify.acquire()
        let isFull = verify != gate.verified.acquire()
        var taken: DictionaryCheckpoint?
        var batch: [CollectedCell] = []
        do throws(StoreError) {
            let (collected, damage) = try collect(everything: isFull, verifies: isFull)
            batch = collected
            crashPoint("pass: collected")
            let dictionaries = try dictionaries(in: batch, verifies: isFull)
            taken = dictionaries
            let writer = CheckpointWriter(
                segment: segment, catalogue: catalogue, verifies: isFull, slot: slot, dictionaries: dictionaries)
            let (report, drained) = try write(&batch, with: writer, dictionaries)
            crashPoint("pass: committed")
            try settle(batch, report, taken)
            // Where that is not to be had, all of it is written once more.
            if let drained { try? transactions.settle(drained, as: slot) }
            crashPoint("pass: settled")
            gate.lastBytes.setRelaxed(UInt64(report.bytes))
            gate.lastChunks.setRelaxed(UInt64(report.chunks))
            gate.lastNanoseconds.setRelaxed(UInt64(MonotonicClock.now() - started))
            gate.lastEnded.setRelaxed(MonotonicClock.wall())
            if isFull { try showWhatTheDeadCommitted() }
            if let obstacle = damage ?? report.obstacle { throw obstacle }
            gate.verified.release(verify)
            crashPoint("pass: verified")
            gate.end(number, nil)
            crashPoint("pass: ended")
            return nil
        } catch {
            try? takeOver()
            for collected in batch where collected.cell.kind == .dictionary { putBack(collected.cell, taken) }
            gate.end(number, error)
            return error
        }
    }

    /// Who dies at the end of a commit leaves a transaction that is on disk, and that LMDB shows to readers only when the next
    /// writer has taken its lock. Those who watch tables have looked before, in vain.
    private func showWhatTheDeadCommitted() throws(StoreError) {
        try catalogue.database.readLast { _ throws(StoreError) in }
        TableWatches(segment: segment).wakeAfterDeath()
    }

    private func write(
        _ batch: inout [CollectedCell], with writer: CheckpointWriter, _ dictionaries: DictionaryCheckpoint?
    ) throws(StoreError) -> (CheckpointReport, drained: UInt64?) {
        if batch.isEmpty, !hasTouchedPieces { return (CheckpointReport(), nil) }
        try catalogue.database.rotatePins(now: MonotonicClock.now())
        // Not for long: a keeper that waits cannot be stopped. The next pass tries again.
        return try catalogue.database.write(patience: .seconds(1)) { (transaction) throws(StoreError) in
            var transactions = transactions
            try transactions.awaitChanges(as: slot)
            transactions.entries = dictionaries?.entries
            transactions.report = try writer.write(batch, in: transaction)
            // Last, so that nothing that is copied above is of a transaction that is not written here as a whole.
            for _ in 0..<Self.attempts {
                do throws(StoreError) {
                    let drained = try transactions.drain(as: slot, in: transaction)
                    return (transactions.report, drained)
                } catch {
                    // Of cells that were made since the batch was collected.
                    guard error == TransactionCheckpoint.unrecorded else { throw error }
                    let new = try collect(everything: false, verifies: writer.verifies).cells
                    batch += new
                    // The next pass opens what they need.
                    if dictionaries == nil, new.contains(where: { $0.cell.kind == .dictionary }) { throw error }
                    transactions.report.add(try writer.write(new, in: transaction))
                }
            }
            throw TransactionCheckpoint.unrecorded
        }
    }

    /// How often a pass goes after new cells that transactions change.
    private static let attempts = 8

    private var transactions: TransactionCheckpoint {
        TransactionCheckpoint(segment: segment, catalogue: catalogue, entries: nil)
    }

    private var hasTouchedPieces: Bool { !TouchedPieces(area: TransactionArea(segment: segment)).isEmpty }

    /// Under the allocation lock, so that the names and states of the batch are of one moment.
    private func collect(everything isFull: Bool, verifies: Bool) throws(StoreError) -> CheckpointBatch.Collected {
        if !isFull, !table.hasDirtyPages { return ([], nil) }
        let deadline = MonotonicClock.deadline(after: .seconds(1))
        return try Catalog(segment: segment).locked(as: slot, until: deadline) { () throws(StoreError) in
            try CheckpointBatch(segment: segment, isFull: isFull, verifies: verifies).collect()
        }
    }

    /// Dictionaries, of a batch or of transactions, need their database, which must be opened before the transaction.
    private func dictionaries(in batch: [CollectedCell], verifies: Bool) throws(StoreError) -> DictionaryCheckpoint? {
        guard hasTouchedPieces || batch.contains(where: { $0.cell.kind == .dictionary }),
            let entries = try catalogue.entries(creates: true)
        else { return nil }
        return DictionaryCheckpoint(catalogue: catalogue, entries: entries, verifies: verifies, slot: slot)
    }

    /// A dictionary's changes that did not get to the disk. Where that cannot be noted, the next pass compares everything.
    private func putBack(_ cell: CellHeader, _ taken: DictionaryCheckpoint?) {
        if taken?.putBack(cell) == false { gate.verify.add(1) }
        crashPoint("pass: dictionary put back")
        _ = DirtyMark(cell.mark).putBack()
        _ = table.markDirty(cell.id)
    }

    private func settle(
        _ batch: [CollectedCell], _ report: CheckpointReport, _ taken: DictionaryCheckpoint?
    ) throws(StoreError) {
        for saved in report.records {
            // Only if nothing changed since: otherwise the cell is dirty again, and the next pass writes its record.
            _ = saved.cell.record.compareExchange(saved.version, 0)
            crashPoint("pass: record settled")
        }
        for cell in batch.map(\.cell) {
            let id = cell.id
            if cell.kind == .dictionary, cell.state == .live {
                if report.blocked.contains(id) { putBack(cell, taken) } else { DirtyMark(cell.mark).settle() }
            } else if report.blocked.contains(id) {
                try? piece(id)?.putBack()
                _ = table.markDirty(id)
            } else {
                try piece(id)?.settle()
                crashPoint("pass: marks settled")
            }
            try table.settle(id)
            crashPoint("pass: cell settled")
        }
        try settleRemovals(report.removed)
    }

    private func settleRemovals(_ removed: [CellHeader]) throws(StoreError) {
        guard !removed.isEmpty else { return }
        let catalog = Catalog(segment: segment)
        do throws(StoreError) {
            try catalog.locked(as: slot, until: MonotonicClock.deadline(after: .seconds(1))) { () throws(StoreError) in
                try catalog.settleRemovals(removed)
            }
        } catch {
            // Their names stay taken by nobody until a later pass deletes them, in vain, once more.
            for cell in removed { _ = table.markDirty(cell.id) }
            logger.warning("could not forget removed cells yet", metadata: ["error": "\(error)"])
        }
    }

    /// The marks of a cell that is there.
    private func piece(_ id: Int) throws(StoreError) -> CheckpointPiece? {
        guard let cell = try table.cell(id), cell.state == .live, cell.kind == .value || cell.kind?.isChunked == true
        else {
            return nil
        }
        return try CheckpointPiece(cell)
    }
}

/// Calls `body` for each bit that is set, lowest first.
func forEachBit<Failure: Error>(_ bits: UInt64, _ body: (Int) throws(Failure) -> Void) throws(Failure) {
    var rest = bits
    while rest != 0 {
        try body(rest.trailingZeroBitCount)
        rest &= rest - 1
    }
}

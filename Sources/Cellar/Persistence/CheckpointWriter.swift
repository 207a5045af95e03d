import CCellar
import Glibc

/// What a pass did, and what it could not do.
struct CheckpointReport {
    struct SavedRecord {
        var cell: CellHeader
        var version: UInt32
    }

    var bytes = 0
    var chunks = 0
    /// Cells whose records are on disk now, in the version that was written.
    var records: [SavedRecord] = []
    /// Removed cells that are gone from the disk.
    var removed: [CellHeader] = []
    /// Cells that somebody else kept from being written; they stay dirty.
    var blocked: Set<Int> = []
    /// Why, for the newest of them.
    var obstacle: StoreError?

    /// What was done besides.
    mutating func add(_ other: CheckpointReport) {
        bytes += other.bytes
        chunks += other.chunks
        records += other.records
        removed += other.removed
        blocked.formUnion(other.blocked)
        obstacle = other.obstacle ?? obstacle
    }
}

/// A live cell as the checkpoint sees it: pieces with marks.
struct CheckpointPiece {
    let cell: CellHeader
    let reference: CellReference

    init(_ cell: CellHeader) throws(StoreError) {
        self.cell = cell
        reference = try CellReference(ofTypeOf: cell)
    }

    var isArray: Bool { cell.kind?.isChunked == true }
    var chunkCount: Int { isArray ? reference.chunkCount : 1 }

    func mark(_ chunk: Int) -> DirtyMark { isArray ? reference.mark(ofChunk: chunk) : reference.mark }

    func settle() {
        for chunk in 0..<chunkCount { if mark(chunk).isTaken { mark(chunk).settle() } }
    }

    func putBack() {
        for chunk in 0..<chunkCount { _ = mark(chunk).putBack() }
    }

    /// Bytes of one chunk.
    func byteCount(_ chunk: Int) -> Int {
        guard isArray else { return reference.size }
        return min(SegmentLayout.chunkSize, reference.count * reference.stride - chunk << SegmentLayout.chunkShift)
    }
}

/// Writes a batch of cells in one transaction. May run again for the same batch: marks it took stay taken.
struct CheckpointWriter {
    let segment: Segment
    let catalogue: Catalogue
    /// Compare with the disk and write what differs, whatever the marks say.
    let verifies: Bool
    /// The checkpointer's place in the process table.
    let slot: Int
    /// Nil where the batch has no dictionaries.
    var dictionaries: DictionaryCheckpoint?

    /// How long the checkpoint waits for one array's lock before it leaves the array to the next pass.
    private static let patience: Duration = .milliseconds(5)

    func write(_ batch: [CollectedCell], in transaction: borrowing WriteTransaction) throws(StoreError)
        -> CheckpointReport
    {
        var report = CheckpointReport()
        // Removals first: a new cell may have the name of a removed one.
        for removed in batch where removed.state == .removed { try remove(removed, &report, in: transaction) }
        let live = batch.filter { $0.state == .live && $0.cell.kind != .droppedName }
        var pieces: [CheckpointPiece] = []
        pieces.reserveCapacity(live.count)
        for collected in live where collected.cell.kind != .dictionary {
            do throws(StoreError) { pieces.append(try CheckpointPiece(collected.cell)) } catch {
                try passOver(collected.cell, error, &report)
            }
        }
        for piece in pieces where !piece.isArray { take(piece) }
        for collected in live where collected.cell.kind == .dictionary {
            _ = DirtyMark(collected.cell.mark).take(always: verifies)
        }
        crashPoint("write: value marks taken")
        try segment.passBarrier()
        crashPoint("write: barrier passed")
        for collected in live where !report.blocked.contains(collected.cell.id) {
            do throws(StoreError) { try saveRecord(collected, &report, in: transaction) } catch {
                try passOver(collected.cell, error, &report)
            }
        }
        crashPoint("write: records written")
        for piece in pieces where !report.blocked.contains(piece.cell.id) {
            if piece.isArray {
                try saveArray(piece, &report, in: transaction)
            } else {
                try saveValue(piece, &report, in: transaction)
            }
        }
        for collected in live where collected.cell.kind == .dictionary {
            try saveDictionary(collected.cell, &report, in: transaction)
        }
        if !report.records.isEmpty {
            try catalogue.set(.nextUID, to: segment.word(CELLAR_HEADER_NEXT_UID).acquire(), in: transaction)
        }
        crashPoint("write: about to commit")
        return report
    }

    /// Remembers a cell that is damaged, instead of keeping the others from the disk. Throws what is no damage of a cell.
    private func passOver(_ cell: CellHeader, _ error: StoreError, _ report: inout CheckpointReport) throws(StoreError)
    {
        guard [.corruptSegment, .invalidName, .unsupportedType].contains(error.code) else { throw error }
        report.blocked.insert(cell.id)
        report.obstacle = error.code == .corruptSegment ? error : segment.corrupt("at \(cell.offset), \(error.message)")
    }

    private func saveDictionary(
        _ cell: CellHeader, _ report: inout CheckpointReport, in transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        guard !report.blocked.contains(cell.id), DirtyMark(cell.mark).isTaken, let dictionaries else { return }
        do throws(StoreError) { try dictionaries.save(cell, &report, in: transaction) } catch {
            guard error == DictionaryCheckpoint.stayedLocked else { return try passOver(cell, error, &report) }
            report.blocked.insert(cell.id)
            report.obstacle = error
        }
        crashPoint("write: dictionary written")
    }

    private func take(_ piece: CheckpointPiece) {
        for chunk in 0..<piece.chunkCount { _ = piece.mark(chunk).take(always: verifies) }
    }

    // MARK: Records

    private func remove(
        _ removed: CollectedCell, _ report: inout CheckpointReport, in transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        let cell = removed.cell
        report.removed.append(cell)
        if removed.isTakenBack { return }
        try catalogue.deleteCell(named: removed.name, ifUID: cell.uid, in: transaction)
        if cell.kind != .droppedName { try catalogue.deleteValues(of: cell.uid, in: transaction) }
        if cell.kind == .dictionary { try dictionaries?.remove(cell, in: transaction) }
        crashPoint("write: cell deleted")
    }

    private func saveRecord(
        _ collected: CollectedCell, _ report: inout CheckpointReport, in transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        guard collected.recordVersion != 0 || verifies else { return }
        let cell = collected.cell
        let record = try cell.makeRecord()
        if collected.recordVersion == 0, try catalogue.cell(named: collected.name, in: transaction) == record { return }
        try catalogue.putCell(named: collected.name, record, in: transaction)
        report.records.append(.init(cell: cell, version: collected.recordVersion))
    }

    // MARK: Values

    private func saveValue(
        _ piece: CheckpointPiece, _ report: inout CheckpointReport, in transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        guard piece.mark(0).isTaken else { return }
        let value = CellReader(reference: piece.reference).bytes()
        let key = ChunkKey(uid: piece.cell.uid, chunk: 0)
        if verifies {
            let isSame = try catalogue.withChunk(key, in: transaction) { stored in
                unsafe stored.withUnsafeBytes { unsafe $0.elementsEqual(value) }
            }
            if isSame == true { return }
        }
        try catalogue.putChunk(key, value.span, in: transaction)
        crashPoint("write: value written")
        report.bytes += value.count
        report.chunks += 1
    }

    // MARK: Arrays

    /// Under the array's lock, so that no bulk write is cut in half. Element stores go on meanwhile.
    private func saveArray(
        _ piece: CheckpointPiece, _ report: inout CheckpointReport, in transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        let lock = CellLock(reference: piece.reference, segment: segment)
        guard lock.acquire(for: Self.patience, as: slot) else {
            report.blocked.insert(piece.reference.id)
            report.obstacle = StoreError(.timedOut, "an array stayed locked")
            return
        }
        defer { lock.release() }
        take(piece)
        crashPoint("write: array marks taken")
        try segment.passBarrier()
        let torn = ArrayRecovery(reference: piece.reference, segment: segment).tornBytes
        for chunk in 0..<piece.chunkCount where piece.mark(chunk).isTaken {
            let start = chunk << SegmentLayout.chunkShift
            // Of a structure all chunks belong together.
            if let torn, piece.cell.kind == .structure || torn.overlaps(start..<start + piece.byteCount(chunk)) {
                report.blocked.insert(piece.reference.id)
                report.obstacle = StoreError(.ownerDied, "an array is half written")
                continue
            }
            try saveChunk(piece, chunk, &report, in: transaction)
        }
    }

    private func saveChunk(
        _ piece: CheckpointPiece, _ chunk: Int, _ report: inout CheckpointReport,
        in transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        let key = ChunkKey(uid: piece.cell.uid, chunk: UInt32(chunk))
        let count = piece.byteCount(chunk)
        let source = unsafe piece.reference.payload + chunk << SegmentLayout.chunkShift
        if verifies {
            var copy = [UInt8](repeating: 0, count: count)
            unsafe copy.withUnsafeMutableBytes { unsafe SharedBytes.copyOut(source, $0.baseAddress!, count: count) }
            if unsafe try catalogue.chunkMatches(key, copy.span.bytes, in: transaction) { return }
        }
        try unsafe catalogue.putChunk(key, byteCount: count, in: transaction) { target in
            unsafe SharedBytes.copyOut(source, target.baseAddress!, count: count)
        }
        crashPoint("write: chunk written")
        report.bytes += count
        report.chunks += 1
    }
}

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
}

/// A live cell as the checkpoint sees it: pieces with marks.
struct CheckpointPiece {
    let cell: CellHeader
    let reference: CellReference

    init(_ cell: CellHeader) throws(StoreError) {
        let schema = try SchemaTable(segment: cell.segment).record(at: cell.schema)
        self.cell = cell
        reference = try CellReference(cell, size: schema.size, alignment: schema.alignment)
    }

    var isArray: Bool { cell.kind == .array }
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

    /// How long the checkpoint waits for one array's lock before it leaves the array to the next pass.
    private static let patience: Duration = .milliseconds(5)

    func write(_ batch: [Int], in transaction: borrowing WriteTransaction) throws(StoreError) -> CheckpointReport {
        var report = CheckpointReport()
        let cells = try present(batch)
        // Removals first: a new cell may have the name of a removed one.
        for cell in cells where cell.state == .removed { try remove(cell, &report, in: transaction) }
        let pieces = try livePieces(cells)
        for piece in pieces where !piece.isArray { take(piece) }
        try barrier()
        for piece in pieces {
            try saveRecord(piece.cell, &report, in: transaction)
            if piece.isArray {
                try saveArray(piece, &report, in: transaction)
            } else {
                try saveValue(piece, &report, in: transaction)
            }
        }
        if !report.records.isEmpty {
            try catalogue.set(.nextUID, to: segment.word(CELLAR_HEADER_NEXT_UID).acquire(), in: transaction)
        }
        return report
    }

    private func present(_ batch: [Int]) throws(StoreError) -> [CellHeader] {
        var cells: [CellHeader] = []
        cells.reserveCapacity(batch.count)
        let table = CellTable(segment: segment)
        for id in batch { if let cell = try table.cell(id), !cell.isVolatile { cells.append(cell) } }
        return cells
    }

    private func livePieces(_ cells: [CellHeader]) throws(StoreError) -> [CheckpointPiece] {
        var pieces: [CheckpointPiece] = []
        for cell in cells where cell.state == .live && cell.kind != .droppedName {
            pieces.append(try CheckpointPiece(cell))
        }
        return pieces
    }

    private func take(_ piece: CheckpointPiece) {
        for chunk in 0..<piece.chunkCount { _ = piece.mark(chunk).take(always: verifies) }
    }

    /// Between taking marks and reading values; pairs with the compiler fence, or full fence, of every writer.
    private func barrier() throws(StoreError) {
        if segment.word(CELLAR_HEADER_FLAGS).relaxed() & SegmentFlags.writersFence != 0 {
            MemoryBarrier.full()
        } else if !MemoryBarrier.expedited() {
            throw StoreError(.systemFailure, "the kernel refused a membarrier it allowed before: no checkpoint is safe")
        }
    }

    // MARK: Records

    private func remove(
        _ cell: CellHeader, _ report: inout CheckpointReport, in transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        report.removed.append(cell)
        // A cell that was renamed there and back has its old name again.
        if cell.kind == .droppedName, try isNamed(cell) { return }
        try catalogue.deleteCell(named: cell.name(), ifUID: cell.uid, in: transaction)
        if cell.kind != .droppedName { try catalogue.deleteValues(of: cell.uid, in: transaction) }
    }

    /// Whether the live cell that the dropped name belonged to has that name now. If it changes just after this look,
    /// the cell or a new dropped name is dirty, and the next pass puts it right.
    private func isNamed(_ dropped: CellHeader) throws(StoreError) -> Bool {
        guard let bytes = unsafe try dropped.nameBytes() else { return false }
        let name = unsafe NameBytes(bytes, seed: segment.word(CELLAR_HEADER_HASH_SEED).relaxed())
        guard let offset = try segment.findCell(name) else { return false }
        let cell = try CellHeader(segment: segment, at: offset)
        return cell.state == .live && cell.uid == dropped.uid
    }

    private func saveRecord(
        _ cell: CellHeader, _ report: inout CheckpointReport, in transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        let version = cell.record.acquire()
        guard version != 0 || verifies else { return }
        let name = try cell.name()
        let schema = try SchemaTable(segment: segment).schema(at: cell.schema)
        let record = CellRecord(
            uid: cell.uid, kind: cell.kind == .array ? .array : .value, count: cell.count,
            schemaText: schema.description)
        if version == 0, try catalogue.cell(named: name, in: transaction) == record { return }
        try catalogue.putCell(named: name, record, in: transaction)
        report.records.append(.init(cell: cell, version: version))
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
        report.bytes += value.count
        report.chunks += 1
    }

    // MARK: Arrays

    /// Under the array's lock, so that no bulk write is cut in half. Element stores go on meanwhile.
    private func saveArray(
        _ piece: CheckpointPiece, _ report: inout CheckpointReport, in transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        let lock = CellLock(reference: piece.reference, segment: segment)
        guard lock.acquire(for: Self.patience) else {
            report.blocked.insert(piece.reference.id)
            report.obstacle = StoreError(.timedOut, "an array stayed locked")
            return
        }
        defer { lock.release() }
        take(piece)
        try barrier()
        let torn = ArrayRecovery(reference: piece.reference, segment: segment).tornBytes
        for chunk in 0..<piece.chunkCount where piece.mark(chunk).isTaken {
            let start = chunk << SegmentLayout.chunkShift
            if let torn, torn.overlaps(start..<start + piece.byteCount(chunk)) {
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
        report.bytes += count
        report.chunks += 1
    }
}

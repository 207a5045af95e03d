import CCellar

/// A cell that a pass looks at, as the catalogue had it at the moment when the batch was collected.
///
/// All that the disk's catalogue is told comes from here: names and states of one moment. A rename or a removal that
/// happens while the pass writes belongs to the next pass as a whole.
struct CollectedCell {
    var cell: CellHeader
    var state: CellState?
    /// Read only where the record is to be written or deleted.
    var name = ""
    var recordVersion: UInt32 = 0
    /// A dropped name whose cell has it again: the disk keeps its record.
    var isTakenBack = false
}

/// Collects what is dirty. Under the allocation lock.
struct CheckpointBatch {
    let segment: Segment
    /// Everything is looked at, dirty or not.
    let isFull: Bool
    /// Names are wanted of all, since everything is compared with the disk.
    let verifies: Bool

    private var table: CellTable { CellTable(segment: segment) }

    /// What there is to write, and what is wrong with a cell that was passed over, if one was.
    typealias Collected = (cells: [CollectedCell], damage: StoreError?)

    /// Moves the dirty bits to `taken` and returns the cells. Taken is set before dirty is cleared.
    ///
    /// A cell that is damaged stays dirty, and keeps no other from the disk.
    func collect() throws(StoreError) -> Collected {
        var ids: [Int] = []
        var damage: StoreError?
        if isFull {
            try table.forEachCell { cell throws(StoreError) in
                if !cell.isVolatile { _ = table.markDirty(cell.id) }
            } damaged: { error throws(StoreError) in
                damage = error
            }
        }
        for pages in 0..<CellTable.dirtyPageWords {
            let word = table.dirtyPages(pages)
            guard word.ordered() != 0 else { continue }
            try forEachBit(word.exchange(0)) { bit throws(StoreError) in
                crashPoint("collect: page taken")
                do throws(StoreError) {
                    if let page = try table.page(pages << 6 + bit) { collect(page, into: &ids) }
                } catch { damage = error }
            }
        }
        var cells: [CollectedCell] = []
        cells.reserveCapacity(ids.count)
        for id in ids {
            do throws(StoreError) {
                if let cell = try table.cell(id), !cell.isVolatile || cell.state == .removed {
                    cells.append(try look(at: cell))
                    continue
                }
            } catch {
                damage = error
                _ = table.markDirty(id)
            }
            try table.settle(id)
        }
        return (cells, damage)
    }

    private func collect(_ page: CellTable.Page, into ids: inout [Int]) {
        for word in 0..<CellTable.Page.words {
            let bits = page.dirty(word).ordered()
            guard bits != 0 else { continue }
            page.taken(word).formOr(bits)
            crashPoint("collect: cells taken")
            page.dirty(word).formAnd(~bits)
            crashPoint("collect: cells not dirty")
            forEachBit(bits) { ids.append(page.index << 12 + word << 6 + $0) }
        }
    }

    private func look(at cell: CellHeader) throws(StoreError) -> CollectedCell {
        var collected = CollectedCell(cell: cell, state: cell.state)
        collected.recordVersion = cell.record.acquire()
        if verifies || collected.state == .removed || collected.recordVersion != 0 { collected.name = try cell.name() }
        if cell.kind == .droppedName { collected.isTakenBack = try isTakenBack(cell) }
        return collected
    }

    /// Whether the live cell that the dropped name belonged to has that name again.
    private func isTakenBack(_ dropped: CellHeader) throws(StoreError) -> Bool {
        guard let bytes = unsafe try dropped.nameBytes() else { return false }
        let name = unsafe NameBytes(bytes, seed: segment.word(CELLAR_HEADER_HASH_SEED).relaxed())
        guard let offset = try segment.findCell(name) else { return false }
        let cell = try CellHeader(segment: segment, at: offset)
        return cell.state == .live && cell.uid == dropped.uid
    }
}

import CCellar

/// Tells those who watch cells or tables of what no writer told them.
struct Watchers {
    let segment: Segment

    /// A process died. Whatever it changed may be in memory without anybody having been told, and who moved a count on may
    /// not have come to wake anybody: everyone who watches is told that something may have changed. O(cells, chunks),
    /// of which only those that are watched are written to.
    ///
    /// Without the allocation lock. The memory of a cell that is live now is not used again while we are attached; so it
    /// is enough to look at the table once more after the cell's state.
    func wakeAfterDeath() {
        TableWatches(segment: segment).wakeAfterDeath()
        let table = CellTable(segment: segment)
        // What is damaged has no watchers that could be helped; the next checkpoint tells of it.
        try? table.forEachCell { cell throws(StoreError) in
            guard cell.state == .live, let same = try table.cell(cell.id), same.offset == cell.offset else { return }
            switch cell.kind {
            case .value, .dictionary: WatchWord(cell.mark).wakeAfterDeath(nil)
            case .array: try wakeWatchers(ofArray: cell)
            case .structure: try StructureReference(cell).ringBells()
            case .droppedName, nil: return
            }
        } damaged: { _ throws(StoreError) in
        }
    }

    /// A process left in an orderly way, and may have had something of a structure. O(cells).
    func ringBells() {
        // No crash point: see `StructureReference.ringBells`.
        try? CellTable(segment: segment).forEachCell { cell throws(StoreError) in
            guard cell.state == .live, cell.kind == .structure else { return }
            try StructureReference(cell).ringBells()
        } damaged: { _ throws(StoreError) in
        }
    }

    private func wakeWatchers(ofArray cell: CellHeader) throws(StoreError) {
        let reference = try CellReference(ofTypeOf: cell)
        for chunk in 0..<reference.chunkCount {
            reference.mark(ofChunk: chunk).watch.wakeAfterDeath(reference.arrayWatch)
        }
    }

    /// The cell was removed; its state says so already.
    func cellIsGone(_ cell: CellHeader) {
        switch cell.kind {
        case .value, .dictionary: WatchWord(cell.mark).wakeForGood()
        case .array:
            let array = unsafe segment.pointer(cell.word.acquire(), count: MemoryLayout<cellar_array>.size)
            guard let array = unsafe array else { return }
            unsafe WatchWord(SharedWord(array + CELLAR_ARRAY_WATCH)).wakeForGood()
        case .structure: (try? StructureReference(cell))?.ringBells()
        case .droppedName, nil: return
        }
    }
}

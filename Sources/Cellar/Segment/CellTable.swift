import CCellar

/// Finds cells by number, and which of them have something to be written to disk.
///
/// Cells have small dense ids. A page holds the offsets of 4,096 of them, a dirty bit and a taken bit for each; the
/// fixed part holds the pages' offsets and a dirty bit for each page. Pages are never freed.
///
/// | dirty bit | taken bit | means |
/// |---|---|---|
/// | 0 | 0 | everything of the cell is on disk, or somebody is about to set the dirty bit |
/// | 1 | 0 | the next checkpoint looks at the cell |
/// | 0 | 1 | the checkpoint under way writes it; back to dirty if that fails or its process dies |
/// | 1 | 1 | and it changed again meanwhile |
struct CellTable {
    let segment: Segment

    private static let pageShift = 12
    private static let pageMask = SegmentLayout.cellsPerPage - 1

    /// One page, in bounds.
    @safe struct Page {
        let index: Int
        let address: UnsafeMutableRawPointer
        func cell(_ slot: Int) -> SharedWord { unsafe SharedWord(address + slot * 8) }
        func dirty(_ word: Int) -> SharedWord { unsafe SharedWord(address + CELLAR_TABLE_PAGE_DIRTY + word * 8) }
        func taken(_ word: Int) -> SharedWord { unsafe SharedWord(address + CELLAR_TABLE_PAGE_TAKEN + word * 8) }
        static let words = SegmentLayout.cellsPerPage / 64
    }

    private func root(_ page: Int) -> SharedWord { segment.word(CELLAR_SEGMENT_PAGES + page * 8) }
    func dirtyPages(_ word: Int) -> SharedWord { segment.word(CELLAR_SEGMENT_DIRTY_PAGES + word * 8) }
    static let dirtyPageWords = Int(CELLAR_TABLE_PAGES) / 64

    func page(_ index: Int) throws(StoreError) -> Page? {
        guard index >= 0, index < Int(CELLAR_TABLE_PAGES) else { return nil }
        let offset = root(index).acquire()
        if offset == 0 { return nil }
        let address = unsafe try segment.require(
            offset, count: MemoryLayout<cellar_table_page>.size, "a page of the cell table")
        return unsafe Page(index: index, address: address)
    }

    /// Ids that were ever handed out.
    var end: Int { min(Int(clamping: segment.word(CELLAR_HEADER_NEXT_ID).acquire()), SegmentLayout.maximumCells) }

    /// The cell with the id, if there is one.
    func cell(_ id: Int) throws(StoreError) -> CellHeader? {
        guard let page = try page(id >> Self.pageShift) else { return nil }
        let offset = page.cell(id & Self.pageMask).acquire()
        if offset == 0 { return nil }
        let cell = try CellHeader(segment: segment, at: offset)
        guard cell.id == id else {
            throw segment.corrupt("the cell at \(offset) is said to be number \(cell.id) and \(id)")
        }
        return cell
    }

    /// Visits every cell. O(ids handed out), whatever the header says: pages that are not there are passed over whole.
    func forEachCell(_ body: (CellHeader) throws(StoreError) -> Void) throws(StoreError) {
        try forEachCell(body) { error throws(StoreError) in throw error }
    }

    /// The same, telling of each that is damaged, instead of ending with the first.
    func forEachCell(
        _ body: (CellHeader) throws(StoreError) -> Void, damaged: (StoreError) throws(StoreError) -> Void
    ) throws(StoreError) {
        let pages = (end + SegmentLayout.cellsPerPage - 1) / SegmentLayout.cellsPerPage
        for index in 0..<pages {
            do throws(StoreError) {
                guard let page = try page(index) else { continue }
                for slot in 0..<SegmentLayout.cellsPerPage {
                    let offset = page.cell(slot).acquire()
                    if offset == 0 { continue }
                    do throws(StoreError) { try body(try CellHeader(segment: segment, at: offset)) } catch {
                        try damaged(error)
                    }
                }
            } catch {
                try damaged(error)
            }
        }
    }

    /// Sets a cell's dirty bit, then its page's. Returns whether the page's was clear before. Lock-free.
    func markDirty(_ id: Int) -> Bool {
        guard let page = try? page(id >> Self.pageShift) else { return false }
        let slot = id & Self.pageMask
        page.dirty(slot >> 6).formOr(1 << UInt64(slot & 63))
        crashPoint("cell table: cell dirty")
        let bit: UInt64 = 1 << UInt64(page.index & 63)
        let wasClean = dirtyPages(page.index >> 6).formOr(bit) & bit == 0
        crashPoint("cell table: page dirty")
        return wasClean
    }

    /// Clears a cell's taken bit.
    func settle(_ id: Int) throws(StoreError) {
        guard let page = try page(id >> Self.pageShift) else { return }
        page.taken((id & Self.pageMask) >> 6).formAnd(~(1 << UInt64(id & 63)))
        crashPoint("cell table: cell not taken")
    }

    var hasDirtyPages: Bool {
        (0..<Self.dirtyPageWords).contains { dirtyPages($0).ordered() != 0 }
    }

    // MARK: Under the allocation lock

    /// A spare id, with its page in place. It is the caller's only after `occupy`. Vacated ids are searched upwards
    /// from a hint, which is only ever too low.
    func nextID() throws(StoreError) -> Int {
        let id = try vacatedID() ?? end
        guard id < SegmentLayout.maximumCells else {
            throw StoreError(
                .limitReached, "the segment holds \(SegmentLayout.maximumCells) cells, which is the most: remove some")
        }
        if try page(id >> Self.pageShift) == nil { try addPage(id >> Self.pageShift) }
        return id
    }

    private func vacatedID() throws(StoreError) -> Int? {
        // No crash point: the hint is set anew by whoever mends.
        let hint = segment.word(CELLAR_HEADER_FREE_IDS)
        var id = Int(clamping: hint.relaxed()) - 1
        guard id >= 0 else { return nil }
        while id < end {
            guard let page = try page(id >> Self.pageShift) else {
                id = (id >> Self.pageShift + 1) << Self.pageShift
                continue
            }
            if page.cell(id & Self.pageMask).relaxed() == 0 {
                hint.setRelaxed(UInt64(id + 1))
                return id
            }
            id += 1
        }
        hint.setRelaxed(0)
        return nil
    }

    private func addPage(_ index: Int) throws(StoreError) {
        let block = try Allocator(segment: segment).take(MemoryLayout<cellar_table_page>.size) { block in
            Intent(segment: segment).begin(
                .publish, block: block, other: UInt64(CELLAR_SEGMENT_PAGES + index * 8))
        }
        root(index).release(block.offset)
        crashPoint("cell table: page published")
        Intent(segment: segment).end()
    }

    /// Puts a cell under its id.
    func occupy(_ id: Int, cell: UInt64) throws(StoreError) {
        guard let page = try page(id >> Self.pageShift) else {
            throw segment.corrupt("the cell table has no page for id \(id)")
        }
        page.cell(id & Self.pageMask).release(cell)
        crashPoint("cell table: occupied")
        let next = segment.word(CELLAR_HEADER_NEXT_ID)
        if next.relaxed() <= UInt64(id) { next.release(UInt64(id + 1)) }
    }

    /// Takes a cell's entry away, if it is still this cell's.
    func vacate(_ id: Int, cell: UInt64) throws(StoreError) {
        guard let page = try page(id >> Self.pageShift) else { return }
        let entry = page.cell(id & Self.pageMask)
        guard entry.relaxed() == cell else { return }
        entry.release(0)
        crashPoint("cell table: vacated")
        let hint = segment.word(CELLAR_HEADER_FREE_IDS)
        if hint.relaxed() == 0 || hint.relaxed() > UInt64(id + 1) { hint.setRelaxed(UInt64(id + 1)) }
    }
}

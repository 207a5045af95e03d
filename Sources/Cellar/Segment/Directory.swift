import CCellar
import Glibc

/// A cell name's bytes while it is being looked up.
@usableFromInline @safe
struct NameBytes {
    let bytes: UnsafeRawBufferPointer
    let hash: UInt64

    @unsafe init(_ bytes: UnsafeRawBufferPointer, seed: UInt64) {
        unsafe self.bytes = unsafe bytes
        hash = unsafe KeyedHash.hash(bytes, seed: seed)
    }
}

/// Finds cells by name: an open-addressing table in the segment, read without a lock.
///
/// | slot | means |
/// |---|---|
/// | 0 | empty: a search ends here |
/// | 1 | dropped: a search goes on |
/// | tag ≪ 48 + offset | a cell, whose own name decides; tag is the top 16 bits of the name's hash |
///
/// Writers hold the allocation lock and publish a slot, or a whole larger table, with one release store; it pairs with
/// the acquire loads of `find`. An outgrown table goes to limbo.
///
/// Two slots may lead to cells of one name, of which at most one is live; a search prefers that one. So a rename can be one
/// step for those who search: with the cell in a slot of its new name, and a removed stub behind it in one of its old name,
/// the release store of the cell's name word switches both names. A search that finds nothing says that memory knew
/// nothing of the name at some moment of the search; whether it still does, only the allocation lock tells.
struct Directory {
    let segment: Segment

    static let empty: UInt64 = 0
    static let dropped: UInt64 = 1
    private static let firstCapacity = 1024
    static let offsetMask: UInt64 = (1 << 48) - 1

    private var root: SharedWord { segment.word(CELLAR_HEADER_DIRECTORY) }
    private var used: SharedWord { segment.word(CELLAR_HEADER_DIRECTORY_USED) }

    /// The offset of the cell with the name, the live one if there is one. Expected O(1); takes no lock, writes nothing.
    func find(_ name: NameBytes) throws(StoreError) -> UInt64? { try segment.findCell(name) }

    private typealias Table = DirectoryTable

    private func table(at offset: UInt64) throws(StoreError) -> Table { try segment.directoryTable(at: offset) }

    private func index(of name: NameBytes, in table: Table) throws(StoreError) -> Int? {
        try segment.search(name, in: table)?.index
    }

    // MARK: Changes, under the allocation lock

    func createFirst() throws(StoreError) {
        let table = try makeTable(capacity: Self.firstCapacity) { block in
            Intent(segment: segment).begin(.publish, block: block, other: UInt64(CELLAR_HEADER_DIRECTORY))
        }
        root.release(table)
        crashPoint("make directory: published")
        Intent(segment: segment).end()
    }

    /// Makes sure that one more name fits.
    func reserveOne() throws(StoreError) {
        let current = try table(at: root.relaxed())
        let capacity = current.mask + 1
        guard Int(clamping: used.relaxed()) >= capacity / 8 * 7 - 1 else { return }
        // Cells that are removed but not forgotten by the disk keep their slots, so the slots are what counts.
        let occupied = (0..<capacity).count { current.slot($0).relaxed() > Self.dropped }
        let record = try Limbo(segment: segment).prepare(
            Block(offset: current.offset, size: Self.blockSize(capacity: capacity)), cellID: nil, durable: true)
        let larger = try table(
            at: makeTable(capacity: occupied * 2 > capacity ? capacity * 2 : capacity) { block in
                Intent(segment: segment).advance(to: .growDirectory, second: block)
            })
        let count = try copy(current, to: larger)
        crashPoint("grow directory: copied")
        // Pairs with the acquire load in `find`: who sees the new table sees all of its slots.
        root.release(larger.offset)
        crashPoint("grow directory: published")
        used.setRelaxed(UInt64(count))
        crashPoint("grow directory: counted")
        Limbo(segment: segment).link(record)
        Intent(segment: segment).end()
    }

    private func copy(_ current: Table, to larger: Table) throws(StoreError) -> Int {
        var count = 0
        for index in 0...current.mask {
            let slot = current.slot(index).relaxed()
            if slot == Self.empty || slot == Self.dropped { continue }
            try place(slot, hash: hash(ofCell: slot & Self.offsetMask), in: larger)
            count += 1
        }
        return count
    }

    /// Publishes a cell under its name: the name's own slot if it has one, a spare one otherwise.
    func insert(_ name: NameBytes, cell: UInt64) throws(StoreError) {
        let table = try table(at: root.relaxed())
        if let index = try index(of: name, in: table) {
            table.slot(index).release(name.hash & ~Self.offsetMask | cell)
            crashPoint("insert name: slot replaced")
        } else {
            try add(name, cell: cell)
        }
    }

    /// Gives a cell a slot under this name, beside those that the name has; a search comes to it after it came to
    /// `predecessor`'s. Does nothing if it has one already.
    func add(_ name: NameBytes, cell: UInt64, after predecessor: UInt64? = nil) throws(StoreError) {
        let tag = name.hash & ~Self.offsetMask
        let table = try table(at: root.relaxed())
        guard try place(tag | cell, hash: name.hash, after: predecessor.map { tag | $0 }, in: table) else { return }
        used.setRelaxed(used.relaxed() &+ 1)
        crashPoint("insert name: counted")
    }

    /// Takes the slot that holds this very cell under this name away, but not one that leads to it under its `newName` too:
    /// names whose hashes are alike in the bits that slots go by share it.
    func drop(_ name: NameBytes, cell: UInt64, newName: NameBytes? = nil) throws(StoreError) {
        let table = try table(at: root.relaxed())
        guard let index = index(of: cell, under: name, in: table) else { return }
        if let newName, self.index(of: cell, under: newName, in: table) == index { return }
        table.slot(index).release(Self.dropped)
        crashPoint("drop name: done")
    }

    private func index(of cell: UInt64, under name: NameBytes, in table: Table) -> Int? {
        var index = Int(truncatingIfNeeded: name.hash) & table.mask
        for _ in 0...table.mask {
            let slot = table.slot(index).relaxed()
            if slot == Self.empty { return nil }
            if slot == name.hash & ~Self.offsetMask | cell { return index }
            index = (index + 1) & table.mask
        }
        return nil
    }

    /// Returns whether the slot was empty before. The whole run is looked at first: an operation that was cut off and is
    /// finished now may have put it there already, behind a slot that was dropped since.
    @discardableResult
    private func place(
        _ slot: UInt64, hash: UInt64, after predecessor: UInt64? = nil, in table: Table
    ) throws(StoreError) -> Bool {
        var spare: Int?
        var isBehind = predecessor == nil
        var index = Int(truncatingIfNeeded: hash) & table.mask
        for _ in 0...table.mask {
            let present = table.slot(index).relaxed()
            if present == slot { return false }
            if isBehind, spare == nil, present == Self.empty || present == Self.dropped { spare = index }
            if present == Self.empty { break }
            if present == predecessor { isBehind = true }
            index = (index + 1) & table.mask
        }
        guard let spare else { throw segment.corrupt("its directory has no room for a name, or lost one") }
        let wasEmpty = table.slot(spare).relaxed() == Self.empty
        table.slot(spare).release(slot)
        crashPoint("insert name: slot taken")
        return wasEmpty
    }

    /// Counts the slots in use anew. O(capacity).
    func recount() throws(StoreError) {
        // No crash point: see `Catalog.recover`, of which this is one of the last steps.
        let table = try table(at: root.relaxed())
        used.setRelaxed(UInt64((0...table.mask).count { table.slot($0).relaxed() != Self.empty }))
    }

    /// For checks: the block of the table, and all its slots.
    func allSlots() throws(StoreError) -> (block: Block, slots: [UInt64]) {
        let table = try table(at: root.acquire())
        let block = Block(offset: table.offset, size: Self.blockSize(capacity: table.mask + 1))
        return (block, (0...table.mask).map { table.slot($0).acquire() })
    }

    private static func blockSize(capacity: Int) -> UInt64 {
        UInt64(MemoryLayout<cellar_directory>.size + capacity * 8)
    }

    private func makeTable(capacity: Int, declare: (Block) -> Void) throws(StoreError) -> UInt64 {
        // No crash point: the block is nobody's yet.
        let block = try Allocator(segment: segment).take(Int(Self.blockSize(capacity: capacity)), declare: declare)
        try segment.requireWord(block.offset, "the directory").setRelaxed(UInt64(capacity))
        return block.offset
    }

    private func hash(ofCell offset: UInt64) throws(StoreError) -> UInt64 {
        guard let bytes = unsafe try CellHeader(segment: segment, at: offset).nameBytes() else {
            throw segment.corrupt("a cell at \(offset) has no name")
        }
        return unsafe NameBytes(bytes, seed: segment.word(CELLAR_HEADER_HASH_SEED).relaxed()).hash
    }
}

/// One table of the directory, with its bounds checked.
@safe
struct DirectoryTable {
    let offset: UInt64
    let slots: UnsafeMutableRawPointer
    let mask: Int
    func slot(_ index: Int) -> SharedWord { unsafe SharedWord(slots + (index & mask) * 8) }
}

/// The search itself. On the segment and not on `Directory`, so that a lookup counts no references.
extension Segment {
    func findCell(_ name: NameBytes) throws(StoreError) -> UInt64? {
        var root = word(CELLAR_HEADER_DIRECTORY).acquire()
        while true {
            // The slot as the search saw it: by now it may be dropped, or another cell's.
            if let found = try search(name, in: directoryTable(at: root)) { return found.cell }
            // In a table that was outgrown meanwhile, the stub of a cell that was renamed since is missing.
            let current = word(CELLAR_HEADER_DIRECTORY).acquire()
            if current == root { return nil }
            root = current
        }
    }

    @inline(__always)
    fileprivate func directoryTable(at offset: UInt64) throws(StoreError) -> DirectoryTable {
        let head = MemoryLayout<cellar_directory>.size
        guard let address = unsafe pointer(offset, count: head) else {
            throw corrupt("the directory is said to lie at \(offset), which is not in the segment")
        }
        let capacity = unsafe address.load(as: UInt64.self)
        guard capacity > 0, capacity & (capacity &- 1) == 0, capacity <= UInt64(reserve / 8),
            unsafe pointer(offset, count: head + Int(capacity) * 8) != nil
        else { throw corrupt("the directory says it has \(capacity) slots") }
        return unsafe DirectoryTable(offset: offset, slots: address + head, mask: Int(capacity) - 1)
    }

    @inline(__always)
    fileprivate func search(
        _ name: NameBytes, in table: DirectoryTable
    ) throws(StoreError) -> (index: Int, cell: UInt64)? {
        let tag = name.hash & ~Directory.offsetMask
        var index = Int(truncatingIfNeeded: name.hash) & table.mask
        var gone: (index: Int, cell: UInt64)?
        for _ in 0...table.mask {
            let slot = table.slot(index).acquire()
            if slot == Directory.empty { return gone }
            if slot != Directory.dropped, slot & ~Directory.offsetMask == tag,
                let isLive = try isCell(slot & Directory.offsetMask, named: name)
            {
                if isLive { return (index, slot & Directory.offsetMask) }
                gone = (index, slot & Directory.offsetMask)
            }
            index = (index &+ 1) & table.mask
        }
        return gone
    }

    /// Whether the cell is there, if it has that name; nil if it has another.
    @inline(__always)
    private func isCell(_ offset: UInt64, named name: NameBytes) throws(StoreError) -> Bool? {
        let size = unsafe MemoryLayout<cellar_cell>.size
        guard let cell = unsafe pointer(offset, count: size, alignment: SegmentLayout.granule) else {
            throw corrupt("a cell is said to lie at \(offset), which is not in the segment")
        }
        // The name is most likely right behind the header: the two cache lines that matter are fetched at once, and not
        // one after the other.
        unsafe cellar_prefetch(cell + size)
        // Pairs with the release store of a rename: who sees the new name sees the stub under the old one.
        let word = unsafe SharedWord(cell + CELLAR_CELL_NAME).acquire()
        let length = Int(word >> 48)
        guard unsafe length == name.bytes.count, length > 0,
            let stored = unsafe pointer(word & Directory.offsetMask, count: length, alignment: 1)
        else { return nil }
        guard unsafe memcmp(stored, name.bytes.baseAddress!, length) == 0 else { return nil }
        return unsafe SharedFutex(cell + CELLAR_CELL_STATE).acquire() != CellState.removed.rawValue
    }
}

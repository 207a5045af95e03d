import CCellar

/// Blocks that grow: a word says where one lies, another one how large it is.
extension Catalog {
    /// Gives an array a larger update buffer. Under the array's lock too.
    func replaceUpdateBuffer(of cell: CellReference, size: Int) throws(StoreError) {
        // No crash point: see below.
        let rounded = Rounding.up(max(size, 32), to: 64)
        let place = unsafe segment.offset(of: cell.array) + UInt64(CELLAR_ARRAY_OVERLAY)
        let capacity = cell.arrayWord(CELLAR_ARRAY_OVERLAY_CAPACITY)
        try replaceBlock(cell.arrayWord(CELLAR_ARRAY_OVERLAY), at: place, capacity, size: rounded) { old in
            // What is said to lie over the cell never was a buffer.
            !cell.overlaps(old.offset, count: Int(clamping: old.size), in: segment)
        }
    }

    /// The same for a word of the header, under the lock that guards it.
    func replaceBlock(at place: Int, capacity: Int, size: Int) throws(StoreError) {
        // No crash point: see below.
        try replaceBlock(
            segment.word(place), at: UInt64(place), segment.word(capacity), size: size
        ) { _ in true }
    }

    /// Nobody who holds the lock finds a size without its block: 0 comes first, and the size last. The old block goes to limbo.
    private func replaceBlock(
        _ word: SharedWord, at place: UInt64, _ capacity: SharedWord, size: Int, isBlock: (Block) -> Bool
    ) throws(StoreError) {
        let old = Block(offset: word.relaxed(), size: capacity.relaxed())
        let intent = Intent(segment: segment)
        let block = try Allocator(segment: segment).take(size) { intent.begin(.publish, block: $0, other: place) }
        capacity.release(0)
        crashPoint("block: none")
        word.release(block.offset)
        crashPoint("block: published")
        capacity.release(UInt64(size))
        crashPoint("block: sized")
        intent.end()
        if old.offset != 0, old.size > 0, isBlock(old) { try Limbo(segment: segment).retire(old) }
    }
}

import CCellar

extension Catalog {
    /// Gives an array a larger update buffer; the old one goes to limbo. Under the array's lock too.
    func replaceUpdateBuffer(of cell: CellReference, size: Int) throws(StoreError) {
        let place = cell.arrayWord(CELLAR_ARRAY_OVERLAY)
        let capacity = cell.arrayWord(CELLAR_ARRAY_OVERLAY_CAPACITY)
        let old = Block(offset: place.relaxed(), size: capacity.relaxed())
        let intent = Intent(segment: segment)
        let rounded = Rounding.up(max(size, 32), to: 64)
        let block = try Allocator(segment: segment).take(rounded) {
            unsafe intent.begin(
                .publish, block: $0, other: segment.offset(of: unsafe cell.array) + UInt64(CELLAR_ARRAY_OVERLAY))
        }
        capacity.release(0)
        crashPoint("update buffer: none")
        place.release(block.offset)
        crashPoint("update buffer: published")
        capacity.release(UInt64(rounded))
        crashPoint("update buffer: sized")
        intent.end()
        // What is said to lie over the cell never was a buffer.
        let isDamaged = cell.overlaps(old.offset, count: Int(clamping: old.size), in: segment)
        if old.offset != 0, old.size > 0, !isDamaged { try Limbo(segment: segment).retire(old) }
    }
}

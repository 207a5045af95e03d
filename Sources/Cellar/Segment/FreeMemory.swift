import CCellar

/// The blocks of the segment that are free to be used again, as of about now.
public struct FreeMemory: Sendable, Hashable {
    /// Blocks of about one size.
    public struct SizeClass: Sendable, Hashable {
        /// They have at most so many bytes, a power of two, and more than half of it.
        public var limit: Int
        /// How many.
        public var blocks = 0
        /// Their bytes in all.
        public var byteCount = 0
    }

    /// The smallest first; only those that have blocks.
    public private(set) var classes: [SizeClass] = []
    /// Bytes of the largest block; 0 if there is none.
    public private(set) var largest = 0
    /// Whether all were counted: others may have changed the lists meanwhile, and no more than a million blocks are looked at.
    public private(set) var isComplete = true

    /// How many blocks in all.
    public var blocks: Int { classes.reduce(0) { $0 + $1.blocks } }
    /// Their bytes in all.
    public var byteCount: Int { classes.reduce(0) { $0 + $1.byteCount } }
    /// The part of the free bytes that the largest block is not: 0 where all is in one block.
    public var fragmentation: Double {
        let all = byteCount
        return all == 0 ? 0 : Double(all - largest) / Double(all)
    }

    /// Walks over the free lists without their lock: what makes no sense ends a list.
    init(_ segment: Segment) {
        var budget = 1 << 20
        var found: [Int: SizeClass] = [:]
        let small = (0..<Int(CELLAR_SMALL_CLASSES)).map { CELLAR_HEADER_FREE_SMALL + $0 * 8 }
        for head in small + [CELLAR_HEADER_FREE_LARGE] {
            var offset = segment.word(head).acquire()
            while offset != 0 {
                guard budget > 0, let block = unsafe segment.pointer(offset, count: 16, alignment: 16) else {
                    isComplete = false
                    break
                }
                budget -= 1
                let size = Int(clamping: unsafe SharedWord(block + 8).acquire())
                guard size >= SegmentLayout.granule, size % SegmentLayout.granule == 0, size <= segment.reserve else {
                    isComplete = false
                    break
                }
                let limit = size == 1 ? 1 : 1 << (Int.bitWidth - (size - 1).leadingZeroBitCount)
                found[limit, default: SizeClass(limit: limit)].blocks += 1
                found[limit, default: SizeClass(limit: limit)].byteCount += size
                largest = max(largest, size)
                offset = unsafe SharedWord(block).acquire()
            }
        }
        classes = found.values.sorted { $0.limit < $1.limit }
    }
}

extension CellTable {
    /// How many cells wait for the next checkpoint, and bytes of their values and chunks, as of about now. What is damaged is left
    /// out, and no more than a million are looked at. Reads only.
    func dirtyContent() -> (cells: Int, byteCount: Int) {
        var (cells, byteCount) = (0, 0)
        for index in 0..<Int(CELLAR_TABLE_PAGES) where dirtyPages(index >> 6).relaxed() >> UInt64(index & 63) & 1 != 0 {
            guard let page = try? page(index) else { continue }
            for word in 0..<Page.words {
                var bits = page.dirty(word).relaxed()
                while bits != 0 {
                    let slot = word * 64 + bits.trailingZeroBitCount
                    bits &= bits - 1
                    cells += 1
                    if cells > 1 << 20 { return (cells, byteCount) }
                    let offset = page.cell(slot).acquire()
                    guard let cell = try? CellHeader(segment: segment, at: offset) else { continue }
                    byteCount += Self.dirtyBytes(of: cell)
                }
            }
        }
        return (cells, byteCount)
    }

    private static func dirtyBytes(of cell: CellHeader) -> Int {
        guard let reference = try? CellReference(ofTypeOf: cell) else { return 0 }
        guard cell.kind?.isChunked == true else {
            return reference.mark.word.relaxed() & DirtyMark.dirty != 0 ? reference.size : 0
        }
        let all = reference.byteCount
        return (0..<reference.chunkCount).reduce(0) { sum, chunk in
            let isDirty = reference.mark(ofChunk: chunk).word.relaxed() & DirtyMark.dirty != 0
            let left = max(all - (chunk << SegmentLayout.chunkShift), 0)
            return isDirty ? sum + min(left, SegmentLayout.chunkSize) : sum
        }
    }
}

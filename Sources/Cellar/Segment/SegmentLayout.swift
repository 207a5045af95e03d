import CCellar

/// Constants of the segment's format. The structures themselves are declared once, in `cellar_layout.h`.
@usableFromInline
enum SegmentLayout {
    /// "CELLAR" and a format marker, published last when a segment is made.
    static let magic: UInt64 = 0x4345_4C4C_4152_5347
    static let formatVersion: UInt32 = 7
    static let byteOrder: UInt32 = 0x0102_0304
    /// Size of a fresh segment: the fixed part, the first directory, and some room.
    static let initialSize = 1 << 20
    /// Where the variable part begins.
    static let fixedSize = unsafe UInt64(MemoryLayout<cellar_segment>.size)
    /// Blocks begin at multiples of this.
    static let granule = 16
    /// Array elements are marked dirty, and written to disk, in pieces of this many bytes.
    @inlinable static var chunkShift: Int { 16 }
    static let chunkSize = 1 << chunkShift
    /// Longest cell name in UTF-8 bytes.
    static let maximumNameLength = 255
    static let cellsPerPage = Int(CELLAR_CELLS_PER_PAGE)
    static let maximumCells = Int(CELLAR_TABLE_PAGES) * Int(CELLAR_CELLS_PER_PAGE)

    /// Tells builds whose structures differ: computed from the sizes and offsets that the C compiler chose.
    static let fingerprint = cellar_layout_fingerprint(UInt64(chunkShift))
}

import CCellar

/// Where the parts of a structure lie, checked once.
@usableFromInline @safe
struct StructureReference: @unchecked Sendable {
    /// The lock, the content and its marks.
    @usableFromInline let cell: CellReference
    /// What stands before the index.
    private let head: UnsafeMutablePointer<cellar_structure>
    /// The index: a multiple of 64 bytes behind a cache line's start.
    @usableFromInline let index: UnsafeMutableRawPointer
    let indexSize: Int
    private let textSize: Int

    static let headSize = MemoryLayout<cellar_structure>.size

    init(_ header: CellHeader) throws(StoreError) {
        let segment = header.segment
        guard header.kind == .structure else {
            throw segment.corrupt("the cell at \(header.offset) is no structure")
        }
        let cell = try CellReference(header, size: 1, alignment: 1)
        guard let found = Self(of: cell, in: segment) else {
            throw segment.corrupt("the index of the structure at \(header.offset) is not where it should be")
        }
        self = found
    }

    /// Nil for what is no structure, or a damaged one.
    init?(of cell: CellReference, in segment: Segment) {
        guard let header = try? CellHeader(segment: segment, at: unsafe segment.offset(of: cell.address)),
            header.kind == .structure
        else { return nil }
        let start = cell.arrayWord(CELLAR_ARRAY_EXTRA).relaxed()
        let size = Int(clamping: cell.arrayWord(CELLAR_ARRAY_EXTRA_SIZE).relaxed())
        guard size >= Self.headSize, (try? header.requireOwn(start, count: size, "an index")) != nil,
            let address = unsafe segment.pointer(start, count: size, alignment: 64)
        else { return nil }
        let head = unsafe address.assumingMemoryBound(to: cellar_structure.self)
        let indexSize = Int(clamping: unsafe head.pointee.index_size)
        let textSize = Int(unsafe head.pointee.text_size)
        guard indexSize <= size, textSize <= size, Self.headSize + indexSize + textSize <= size else { return nil }
        self.cell = cell
        unsafe self.head = head
        unsafe index = address + Self.headSize
        self.indexSize = indexSize
        self.textSize = textSize
    }

    /// 1 = the index agrees with the content. Under the lock.
    var whole: SharedWord { unsafe SharedWord(UnsafeMutableRawPointer(head) + CELLAR_STRUCTURE_WHOLE) }
    /// Advances whenever a process died.
    var deaths: SharedWord { unsafe SharedWord(UnsafeMutableRawPointer(head) + CELLAR_STRUCTURE_DEATHS) }

    var form: StructureForm {
        get throws(StoreError) {
            let text = unsafe String(
                decoding: UnsafeRawBufferPointer(start: index + indexSize, count: textSize), as: UTF8.self)
            guard let form = StructureForm(parsing: text), form.byteCount == cell.count,
                form.index.byteCount == indexSize
            else {
                throw StoreError(
                    .corruptSegment, "what the structure '\(text.prefix(80))' is said to be makes no sense")
            }
            return form
        }
    }

    /// Wakes everyone who sleeps on a futex of the index, to look for themselves: a process died, or the structure is gone.
    func ringBells() {
        deaths.add(1)
        let fields = unsafe head.pointee
        let (count, stride, first) = (Int(fields.bell_count), Int(fields.bell_stride), Int(fields.first_bell))
        // A damaged count must not keep the sweeper for long.
        guard count > 0, count <= 1024, stride >= 4, stride % 4 == 0, first % 4 == 0,
            case let last = (count - 1).multipliedReportingOverflow(by: stride), !last.overflow,
            last.partialValue <= indexSize, first + last.partialValue + 4 <= indexSize
        else { return }
        for bell in 0..<count {
            let futex = unsafe SharedFutex(index + first + bell * stride)
            futex.add(1)
            crashPoint("structure: bell rung")
            futex.wakeAll()
        }
    }

    /// Fills in what stands before the index, and the text behind it.
    func initialise(_ form: StructureForm) {
        // No crash point: the block is nobody's yet.
        let text = Array(form.text.utf8)
        unsafe head.pointee.bell_count = UInt32(form.index.bellCount)
        unsafe head.pointee.bell_stride = UInt32(form.index.bellStride)
        unsafe head.pointee.first_bell = UInt32(form.index.firstBell)
        unsafe (index + indexSize).copyMemory(from: text, byteCount: text.count)
    }
}

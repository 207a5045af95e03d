import CCellar

/// Where the parts of a cell lie, checked once, so that reads and writes need no further checks.
///
/// Points into the segment or into a private image of a cell; whoever holds one keeps that memory mapped.
@frozen @usableFromInline @safe
struct CellReference: @unchecked Sendable {
    /// The cell's header.
    @usableFromInline let address: UnsafeMutableRawPointer
    /// The value's word, its first copy, or the array's first element.
    @usableFromInline let payload: UnsafeMutableRawPointer
    /// The mark of the value, or of the array's first chunk.
    @usableFromInline let marks: UnsafeMutableRawPointer
    /// The array part of an array.
    @usableFromInline let array: UnsafeMutableRawPointer
    /// Distance between a value's two copies.
    @usableFromInline let copySize: Int
    @usableFromInline let count: Int
    @usableFromInline let size: Int
    @usableFromInline let stride: Int
    @usableFromInline let id: Int

    @unsafe @usableFromInline
    init(
        address: UnsafeMutableRawPointer, payload: UnsafeMutableRawPointer, marks: UnsafeMutableRawPointer,
        array: UnsafeMutableRawPointer, copySize: Int, count: Int, size: Int, stride: Int, id: Int
    ) {
        unsafe self.address = unsafe address
        unsafe self.payload = unsafe payload
        unsafe self.marks = unsafe marks
        unsafe self.array = unsafe array
        self.copySize = copySize
        self.count = count
        self.size = size
        self.stride = stride
        self.id = id
    }

    // MARK: Words

    @inlinable @inline(__always) var word: SharedWord { unsafe SharedWord(address + CELLAR_CELL_WORD) }
    @inlinable @inline(__always) var mark: DirtyMark { unsafe DirtyMark(SharedWord(address + CELLAR_CELL_MARK)) }
    @inlinable @inline(__always) var sequence: SharedWord { unsafe SharedWord(address + CELLAR_CELL_SEQUENCE) }
    @inlinable @inline(__always) var holder: SharedWord { unsafe SharedWord(address + CELLAR_CELL_HOLDER) }
    @inlinable @inline(__always) var lock: RobustMutex { unsafe RobustMutex(address + CELLAR_CELL_LOCK) }
    @inlinable @inline(__always)
    var isRemoved: Bool {
        unsafe SharedFutex(address + CELLAR_CELL_STATE).acquire() == CellState.removed.rawValue
    }
    var state: CellState? { CellState(rawValue: unsafe SharedFutex(address + CELLAR_CELL_STATE).acquire()) }

    /// The mark of one chunk.
    @inlinable @inline(__always)
    func mark(ofChunk chunk: Int) -> DirtyMark { unsafe DirtyMark(SharedWord(marks + chunk &* 8)) }

    /// What watchers of an array sleep on, whichever chunks they watch.
    @inlinable @inline(__always) var arrayWatch: WatchWord { unsafe WatchWord(SharedWord(array + CELLAR_ARRAY_WATCH)) }

    func arrayWord(_ field: Int) -> SharedWord { unsafe SharedWord(array + field) }

    var isArray: Bool { unsafe array != address }

    /// Whether bytes of the segment are the cell's own block's.
    func overlaps(_ offset: UInt64, count: Int, in segment: Segment) -> Bool {
        let own = unsafe segment.offset(of: address)
        let size = unsafe address.assumingMemoryBound(to: cellar_cell.self).pointee.block_size
        return offset < own &+ max(size, 1) && own < offset &+ UInt64(clamping: count)
    }

    /// Bytes of content: the value's, or all elements'.
    var byteCount: Int { stride * (count - 1) + size }
    var chunkCount: Int { max((stride * count + SegmentLayout.chunkSize - 1) >> SegmentLayout.chunkShift, 1) }
}

/// What of a cell is in its header alone, where the cell is known to be sound.
@safe
struct CellWord {
    private let fields: UnsafeMutablePointer<cellar_cell>

    @unsafe
    init(address: UnsafeMutableRawPointer) { unsafe fields = address.assumingMemoryBound(to: cellar_cell.self) }

    private var address: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(fields) }

    /// A value of up to 8 bytes.
    var word: SharedWord { unsafe SharedWord(address + CELLAR_CELL_WORD) }
    var mark: DirtyMark { unsafe DirtyMark(SharedWord(address + CELLAR_CELL_MARK)) }
    var id: Int { Int(unsafe fields.pointee.id) }
    var uid: UInt64 { unsafe fields.pointee.uid }
    var isVolatile: Bool { unsafe fields.pointee.traits & 0x100 != 0 }
}

extension CellReference {
    /// Checks everything that the cell's header says against the segment's bounds and its type's size.
    @inline(__always)
    init(_ header: CellHeader, size: Int, alignment: Int) throws(StoreError) {
        // Wraps around where damaged memory says so; what does not fit in the segment is found below.
        let stride = Rounding.up(max(size, 1), to: max(alignment, 1))
        switch header.kind {
        case .value where size <= 8: try self.init(wordOf: header, size: size)
        case .value: try self.init(copiesOf: header, size: size, alignment: alignment)
        case .array, .structure: try self.init(elementsOf: header, size: size, stride: stride, alignment: alignment)
        case .dictionary: throw header.segment.corrupt("the cell at \(header.offset) is a dictionary")
        case .droppedName, nil: throw header.segment.corrupt("the cell at \(header.offset) is of no known kind")
        }
    }

    @inline(__always)
    private init(wordOf header: CellHeader, size: Int) throws(StoreError) {
        unsafe self.init(
            address: header.address, payload: header.address + CELLAR_CELL_WORD,
            marks: header.address + CELLAR_CELL_MARK, array: header.address, copySize: 0, count: 1, size: size,
            stride: size, id: header.id)
    }

    private init(copiesOf header: CellHeader, size: Int, alignment: Int) throws(StoreError) {
        let copy = Rounding.up(size, to: 16)
        guard copy > 0, copy <= header.segment.reserve else {
            throw header.segment.corrupt("the value at \(header.offset) is said to have \(size) bytes")
        }
        let start = header.word.acquire()
        try header.requireOwn(start, count: 2 &* copy, "the value of a cell")
        let payload = unsafe try header.segment.require(
            start, count: 2 &* copy, alignment: max(16, min(alignment, 64)), "the value of a cell")
        unsafe self.init(
            address: header.address, payload: payload, marks: header.address + CELLAR_CELL_MARK,
            array: header.address, copySize: copy, count: 1, size: size, stride: size, id: header.id)
    }

    private init(elementsOf header: CellHeader, size: Int, stride: Int, alignment: Int) throws(StoreError) {
        let segment = header.segment
        let head = MemoryLayout<cellar_array>.size
        let part = header.word.acquire()
        try header.requireOwn(part, count: head, "the array part of a cell")
        let array = unsafe try segment.require(part, count: head, "the array part of a cell")
        let fields = unsafe array.assumingMemoryBound(to: cellar_array.self).pointee
        let bytes = Int(clamping: header.count).multipliedReportingOverflow(by: stride)
        guard header.count > 0, !bytes.overflow, bytes.partialValue > 0, bytes.partialValue <= segment.reserve,
            fields.payload_size == UInt64(bytes.partialValue)
        else {
            throw segment.corrupt("the array at \(header.offset) does not have the size of its elements")
        }
        let chunks = (bytes.partialValue + SegmentLayout.chunkSize - 1) >> SegmentLayout.chunkShift
        guard fields.chunk_count == UInt64(chunks) else {
            throw segment.corrupt("the array at \(header.offset) does not have a mark for each chunk")
        }
        try header.requireOwn(fields.payload, count: bytes.partialValue, "the elements of an array")
        let payload = unsafe try segment.require(
            fields.payload, count: Rounding.up(bytes.partialValue, to: 8),
            alignment: max(8, min(alignment, 64)), "the elements of an array")
        let marks = unsafe try segment.require(
            segment.offset(of: array) + UInt64(head), count: chunks * 8, "the marks of an array")
        unsafe self.init(
            address: header.address, payload: payload, marks: marks, array: array, copySize: 0,
            count: Int(header.count), size: size, stride: stride, id: header.id)
    }
}

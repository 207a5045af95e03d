import CCellar
import Glibc

/// What kind of cell.
@usableFromInline
enum CellKind: UInt32 {
    /// One value.
    case value = 1
    /// `count` values.
    case array = 2
    /// Keeps a name that was renamed away from being found on disk again, until the disk knows; never live.
    case droppedName = 3
    /// Entries that come and go.
    case dictionary = 4
    /// A queue, a lock, …: bytes under a lock, laid out as an array's, and an index that is not on disk.
    case structure = 5

    /// Whether its content is bytes in chunks, each with a mark.
    var isChunked: Bool { self == .array || self == .structure }
}

/// The life of a cell.
///
/// | state | means | next |
/// |---|---|---|
/// | loading | found on disk, its content is being brought in under the cell's lock | live |
/// | live | in use | removed |
/// | removed | gone for everybody; the memory stays until nobody can look at it | – |
@frozen @usableFromInline
enum CellState: UInt32 {
    case loading = 1
    case live = 2
    case removed = 3
}

/// A cell's header: checked access to the fields of `cellar_cell`.
@safe
struct CellHeader {
    /// Not counted, for lookups' sake: whoever works on cells holds their segment, longer than any header.
    private unowned(unsafe) let unownedSegment: Segment
    let offset: UInt64
    let address: UnsafeMutableRawPointer

    var segment: Segment { unsafe unownedSegment }

    @inline(__always)
    init(segment: borrowing Segment, at offset: UInt64) throws(StoreError) {
        unsafe unownedSegment = copy segment
        self.offset = offset
        unsafe address = try segment.require(
            offset, count: MemoryLayout<cellar_cell>.size, alignment: SegmentLayout.granule, "a cell")
    }

    private var fields: UnsafeMutablePointer<cellar_cell> { unsafe address.assumingMemoryBound(to: cellar_cell.self) }

    // MARK: Written once, before the cell is published

    var kind: CellKind? { CellKind(rawValue: unsafe fields.pointee.traits & 0xFF) }
    var isVolatile: Bool { unsafe fields.pointee.traits & 0x100 != 0 }
    var blockSize: UInt64 { unsafe fields.pointee.block_size }
    var schema: UInt64 { unsafe fields.pointee.schema }
    var count: UInt64 { unsafe fields.pointee.count }
    var id: Int { Int(unsafe fields.pointee.id) }
    var uid: UInt64 { unsafe fields.pointee.uid }

    // MARK: Atomic words

    var stateWord: SharedFutex { unsafe SharedFutex(address + CELLAR_CELL_STATE) }
    var state: CellState? { CellState(rawValue: stateWord.acquire()) }
    var nameWord: SharedWord { unsafe SharedWord(address + CELLAR_CELL_NAME) }
    /// Counts changes that the database's record of the cell does not have yet; 0 = it has them all.
    var record: SharedFutex { unsafe SharedFutex(address + CELLAR_CELL_RECORD) }
    var holder: SharedWord { unsafe SharedWord(address + CELLAR_CELL_HOLDER) }
    var lock: RobustMutex { unsafe RobustMutex(address + CELLAR_CELL_LOCK) }
    var sequence: SharedWord { unsafe SharedWord(address + CELLAR_CELL_SEQUENCE) }
    var mark: SharedWord { unsafe SharedWord(address + CELLAR_CELL_MARK) }
    var word: SharedWord { unsafe SharedWord(address + CELLAR_CELL_WORD) }

    // MARK: Name

    static func nameWord(offset: UInt64, length: Int) -> UInt64 { offset | UInt64(length) << 48 }

    /// The name's bytes in the segment, or nil if it has none in bounds.
    func nameBytes() throws(StoreError) -> UnsafeRawBufferPointer? {
        let word = nameWord.acquire()
        let length = Int(word >> 48)
        guard length > 0, length <= SegmentLayout.maximumNameLength,
            let address = unsafe segment.pointer(word & ((1 << 48) - 1), count: length, alignment: 1)
        else { return nil }
        return unsafe UnsafeRawBufferPointer(start: address, count: length)
    }

    func name() throws(StoreError) -> String {
        guard let bytes = unsafe try nameBytes() else { throw segment.corrupt("the cell at \(offset) has no name") }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    /// Throws unless the bytes lie behind the header, in the cell's own block. Written to elsewhere, they could be a lock
    /// that the writer holds: it could never be given back, and the thread's list of held locks would lead into memory
    /// that is gone once the segment is closed.
    func requireOwn(_ start: UInt64, count: Int, _ what: String) throws(StoreError) {
        // By the distance from the block's begin, which wraps around for what lies before it.
        let distance = start &- offset
        guard unsafe distance >= UInt64(MemoryLayout<cellar_cell>.size), distance <= blockSize,
            UInt64(count) <= blockSize - distance
        else { throw segment.corrupt("\(what) is said to lie at \(start), outside of the cell's block") }
    }

    /// Blocks of the cell that are not in its own: the name it was given later, the update buffer of an array.
    var partsElsewhere: [Block] {
        var parts: [Block] = []
        let word = nameWord.relaxed()
        let name = word & Directory.offsetMask
        // By the distance from the block's begin, which wraps around for what lies before it: the block's end may
        // wrap around too, where damaged memory says so.
        if word >> 48 > 0, name &- offset >= max(blockSize, 1) {
            parts.append(Block(offset: name, size: Allocator.blockSize(Int(word >> 48))))
        }
        if kind == .dictionary { return parts + ((try? DictionaryReference(self))?.slabs ?? []) }
        guard kind?.isChunked == true else { return parts }
        let array = unsafe segment.pointer(self.word.relaxed(), count: MemoryLayout<cellar_array>.size)
        guard let array = unsafe array else { return parts }
        let buffer = unsafe array.assumingMemoryBound(to: cellar_array.self).pointee
        if buffer.overlay != 0, buffer.overlay_capacity > 0 {
            parts.append(Block(offset: buffer.overlay, size: buffer.overlay_capacity))
        }
        return parts
    }

    /// Fills in a fresh block. The caller publishes it.
    func initialise(_ form: CellForm, name: UnsafeRawBufferPointer, state: CellState, size: UInt64) throws(StoreError) {
        // No crash point: the block is nobody's yet.
        unsafe fields.pointee.traits = form.kind.rawValue | (form.isVolatile ? 0x100 : 0)
        unsafe fields.pointee.block_size = size
        unsafe fields.pointee.schema = form.schema
        unsafe fields.pointee.count = UInt64(form.count)
        unsafe fields.pointee.id = UInt32(form.id)
        unsafe fields.pointee.uid = form.uid
        let target = unsafe address + MemoryLayout<cellar_cell>.size
        unsafe memcpy(target, name.baseAddress!, name.count)
        unsafe nameWord.setRelaxed(
            Self.nameWord(offset: offset + UInt64(MemoryLayout<cellar_cell>.size), length: name.count))
        let result = lock.initialize()
        if result != 0 { throw .system("make a cell's lock", result) }
        stateWord.release(state.rawValue)
    }
}

/// What a new cell is to be.
struct CellForm {
    var kind: CellKind
    var isVolatile: Bool
    var schema: UInt64
    var count: Int
    var elementSize: Int
    var elementStride: Int
    var elementAlignment: Int
    var id: Int
    var uid: UInt64
    /// Bytes of a structure that are not on disk.
    var extraSize = 0

    /// Where the parts of the cell's block lie, from its start.
    struct Plan {
        var array: Int?
        var payload: Int?
        var payloadSize: Int
        var chunkCount: Int
        var total: Int
    }

    /// Lays the block out: header, name, then the value's two copies or the array part, marks and elements.
    func plan(nameLength: Int) throws(StoreError) -> Plan {
        let head = unsafe MemoryLayout<cellar_cell>.size + nameLength
        switch kind {
        case .droppedName: return Plan(array: nil, payload: nil, payloadSize: 0, chunkCount: 1, total: head)
        case .value where elementSize <= 8:
            return Plan(array: nil, payload: nil, payloadSize: elementSize, chunkCount: 1, total: head)
        case .value:
            let copy = Rounding.up(elementSize, to: 16)
            let payload = Rounding.up(head, to: max(16, min(elementAlignment, 64)))
            return Plan(array: nil, payload: payload, payloadSize: copy, chunkCount: 1, total: payload + 2 * copy)
        case .array, .structure: return try arrayPlan(head)
        case .dictionary: return dictionaryPlan(head)
        }
    }

    private func dictionaryPlan(_ head: Int) -> Plan {
        let part = Rounding.up(head, to: 16)
        let stripes = Rounding.up(part + MemoryLayout<cellar_dictionary>.size, to: 64)
        let size = unsafe DictionaryShape.stripeCount * MemoryLayout<cellar_stripe>.size
        // Blocks begin at multiples of 16: room to move the stripes to a cache line's start.
        return Plan(array: part, payload: stripes, payloadSize: size, chunkCount: 1, total: stripes + size + 48)
    }

    private func arrayPlan(_ head: Int) throws(StoreError) -> Plan {
        let bytes = count.multipliedReportingOverflow(by: elementStride)
        guard count > 0, !bytes.overflow, bytes.partialValue < 1 << 46 else {
            throw StoreError(.memoryFull, "an array of \(count) elements of \(elementStride) bytes fits in no segment")
        }
        let chunks = (bytes.partialValue + SegmentLayout.chunkSize - 1) >> SegmentLayout.chunkShift
        let array = Rounding.up(head, to: 16)
        let marks = array + MemoryLayout<cellar_array>.size
        let payload = Rounding.up(marks + chunks * 8, to: 64)
        // What a structure has besides begins at a cache line's start too.
        let end = Rounding.up(payload + bytes.partialValue, to: extraSize > 0 ? 64 : 8) + extraSize
        // Blocks begin at multiples of 16: room to move the elements to a cache line's start.
        return Plan(
            array: array, payload: payload, payloadSize: bytes.partialValue, chunkCount: chunks, total: end + 48)
    }
}

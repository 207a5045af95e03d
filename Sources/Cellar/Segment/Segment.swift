import CCellar
import Glibc
import Synchronization

/// The mapped segment: checked access by offset, and growth.
///
/// Offsets below the fixed part's end are constants and need no check; every other offset comes out of shared memory
/// and goes through `pointer(_:count:)` before it is used.
@usableFromInline @safe
final class Segment: @unchecked Sendable {
    let object: SharedMemoryObject
    let isReadOnly: Bool
    let reserve: Int
    /// The bytes, and how many of them are known to be backed by memory, from the file system and not only from the header.
    let memory: SegmentMemory

    private var base: UnsafeMutableRawPointer { unsafe memory.base }
    var knownSize: SharedWord { memory.known }
    /// Whether memory that is added is to be in large pages. Set before anybody else has the segment.
    var prefersLargePages = false
    /// Whether the database names a transaction: asked where a process died at committing one. Set by who has the database.
    let databaseNames = Mutex<(@Sendable (UInt64) throws(StoreError) -> Bool)?>(nil)

    init(object: SharedMemoryObject, reserve: Int, isReadOnly: Bool) throws(StoreError) {
        let size = try object.size()
        guard unsafe size >= MemoryLayout<cellar_segment>.size else {
            throw Segment.corrupt(
                object.name, "it has \(size) bytes, fewer than the fixed part alone")
        }
        guard size <= reserve else {
            throw StoreError(
                .memoryFull,
                "the segment has \(size) bytes, more than the address reserve of \(reserve): "
                    + "open the store with a larger addressReserve")
        }
        self.object = object
        self.reserve = reserve
        self.isReadOnly = isReadOnly
        let base = unsafe try object.map(reserve: reserve, readOnly: isReadOnly)
        // In a cache line of its own: everybody reads it.
        let known = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
        unsafe known.storeBytes(of: UInt64(size), as: UInt64.self)
        memory = unsafe SegmentMemory(base: base, known: SharedWord(known))
    }

    deinit {
        unsafe UnsafeMutableRawPointer(memory.known.address).deallocate()
        unsafe munmap(memory.base, reserve)
    }

    // MARK: Access

    /// An address in the fixed part; `offset` is one of the layout's constants.
    func fixed(_ offset: Int) -> UnsafeMutableRawPointer { unsafe base + offset }

    /// A word of the fixed part.
    func word(_ offset: Int) -> SharedWord { unsafe SharedWord(base + offset) }

    /// A futex word of the fixed part.
    func futex(_ offset: Int) -> SharedFutex { unsafe SharedFutex(base + offset) }

    /// The address at an offset that came out of shared memory, if `count` bytes from it lie in the segment's variable
    /// part and it is aligned; nil otherwise.
    ///
    /// `alignment` is a power of two. Inlined, since every lookup does this several times with constants.
    @inline(__always)
    func pointer(_ offset: UInt64, count: Int, alignment: Int = 8) -> UnsafeMutableRawPointer? {
        if let address = unsafe memory.pointer(offset, count: count, alignment: alignment) { return unsafe address }
        guard reaches(offset, count) else { return nil }
        return unsafe memory.pointer(offset, count: count, alignment: alignment)
    }

    /// As `pointer`, or an error that says what was looked for.
    @inline(__always)
    func require(
        _ offset: UInt64, count: Int, alignment: Int = 8, _ what: @autoclosure () -> String
    ) throws(StoreError) -> UnsafeMutableRawPointer {
        guard let address = unsafe pointer(offset, count: count, alignment: alignment) else {
            throw corrupt("\(what()) is said to lie at \(offset), which is not in the segment")
        }
        return unsafe address
    }

    func requireWord(_ offset: UInt64, _ what: @autoclosure () -> String) throws(StoreError) -> SharedWord {
        unsafe SharedWord(try require(offset, count: 8, what()))
    }

    /// The offset of an address in this segment.
    func offset(of address: UnsafeMutableRawPointer) -> UInt64 { UInt64(unsafe address - base) }

    /// Whether the object really has that many bytes: another process may have made it grow.
    func reaches(_ end: Int) -> Bool {
        guard end > Int(clamping: knownSize.relaxed()) else { return true }
        guard end <= reserve, let size = try? object.size(), end <= size else { return false }
        // No crash point: a word of this process alone.
        knownSize.setRelaxed(UInt64(min(size, reserve)))
        return true
    }

    @inline(never)
    private func reaches(_ offset: UInt64, _ count: Int) -> Bool {
        let end = Int(clamping: offset).addingReportingOverflow(count)
        return count >= 0 && !end.overflow && reaches(end.partialValue)
    }

    // MARK: Errors

    @inline(never)
    func corrupt(_ what: String) -> StoreError { Segment.corrupt(object.name, what) }

    static func corrupt(_ name: String, _ what: String) -> StoreError {
        StoreError(
            .corruptSegment,
            "the segment '/dev/shm\(name)' is damaged: \(what). What was checkpointed is safe on disk: "
                + "when no process has the store open, 'cellar discard STORE' goes on from the last checkpoint")
    }
}

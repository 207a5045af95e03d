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
    private let base: UnsafeMutableRawPointer
    /// Whether the database names a transaction: asked where a process died at committing one. Set by who has the database.
    let databaseNames = Mutex<(@Sendable (UInt64) throws(StoreError) -> Bool)?>(nil)
    /// Bytes known to be backed by memory, from the file system and not only from the header.
    private let knownSize: Atomic<Int>

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
        unsafe base = try object.map(reserve: reserve, readOnly: isReadOnly)
        knownSize = Atomic(size)
    }

    deinit { unsafe munmap(base, reserve) }

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
        guard count >= 0, unsafe offset >= UInt64(MemoryLayout<cellar_segment>.size), offset <= UInt64(reserve),
            Int(offset) & (alignment &- 1) == 0
        else { return nil }
        let end = Int(offset).addingReportingOverflow(count)
        guard !end.overflow, end.partialValue <= knownSize.load(ordering: .relaxed) || reaches(end.partialValue)
        else { return nil }
        return unsafe base + Int(offset)
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
    @inline(never)
    private func reaches(_ end: Int) -> Bool {
        guard end <= reserve, let size = try? object.size(), end <= size else { return false }
        knownSize.store(size, ordering: .relaxed)
        return true
    }

    // MARK: Growth

    /// Backs at least `end` bytes with memory. Under the allocation lock.
    func grow(toContain end: Int) throws(StoreError) {
        let size = word(CELLAR_HEADER_SIZE)
        // What the header says is no reason to take more memory than a step.
        let current = min(Int(clamping: size.relaxed()), try object.size())
        if end <= current, reaches(end) { return }
        guard end <= reserve else {
            throw StoreError(
                .memoryFull,
                "the segment would need \(end) bytes, more than the address reserve of \(reserve): "
                    + "open the store with a larger addressReserve")
        }
        let step = min(max(current / 4, 1 << 20), 64 << 20)
        let comfortable = min(Rounding.up(max(end, current + step), to: 4096), reserve)
        do {
            try object.grow(to: comfortable)
            crashPoint("grow: memory added")
            knownSize.store(comfortable, ordering: .relaxed)
        } catch {
            // Not enough for comfort may still be enough for the need.
            let tight = Rounding.up(end, to: 4096)
            try object.grow(to: tight)
            knownSize.store(tight, ordering: .relaxed)
        }
        // Pairs with the acquire loads of `size` by whoever attaches.
        size.release(UInt64(knownSize.load(ordering: .relaxed)))
        crashPoint("grow: size published")
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

import CCellar

/// A named array of a fixed number of values that any number of processes read and write.
///
/// Elements of 1, 2, 4 or 8 bytes are read and written atomically, one by one, without a lock. Larger elements are
/// read without a lock and written whole, so that no reader sees half of one and a killed writer leaves the old one.
/// Work on many elements happens under the array's lock: in place (`withLock`), or on a copy that takes effect in one
/// step (`update(atomically:)`).
///
/// On disk an array is kept in chunks of 64 KiB; a checkpoint writes the chunks that changed.
public struct SharedArray<Element: BitwiseCopyable>: @unchecked Sendable {
    @usableFromInline let cell: CellReference
    @usableFromInline let attachment: Attachment
    @usableFromInline let image: CellImage?
    @usableFromInline let policy: UInt8
    /// `DirtyMark.quiet`, or 0 where every write has to fence and so takes the slow path.
    @usableFromInline let quiet: UInt64
    @usableFromInline let checked: Schema?

    @inlinable @inline(__always)
    init(_ cell: CellReference, _ attachment: Attachment, image: CellImage?, type: SchemaKey) {
        self.cell = cell
        self.attachment = attachment
        self.image = image
        policy = attachment.writePolicy
        quiet = policy == Attachment.fencing ? 0 : DirtyMark.quiet
        checked = type.acceptsAllBits ? nil : type.schema
    }

    /// How many elements.
    @inlinable public var count: Int { cell.count }
    /// The indices, from 0.
    @inlinable public var indices: Range<Int> { 0..<cell.count }
    /// Whether the array was removed since the handle was made.
    public var isRemoved: Bool { image == nil && cell.state == .removed }

    /// Waits until the array, and everything else stored before, is on disk. See `Store.sync`.
    public func sync(timeout: Duration = .seconds(30)) throws(StoreError) { try attachment.sync(timeout: timeout) }

    @inlinable @inline(__always)
    static var isAtomic: Bool { SharedElement.isAtomic(stride: MemoryLayout<Element>.stride) }

    // MARK: One element

    /// The element at `index`. Takes no lock; for elements of more than 8 bytes, repeats only when a write of some
    /// element finished meanwhile. An in-place bulk write (`withLock`) can be seen half done in an element of more than
    /// 8 bytes. Throws `.invalidValue` if the bytes are no value of the type.
    @inlinable
    public func load(at index: Int) throws(StoreError) -> Element {
        if Self.isAtomic { return try Self.value(ofWord: loadWord(index), checked) }
        checkIndex(index)
        return try unsafe withUnsafeTemporaryAllocation(
            byteCount: MemoryLayout<Element>.stride, alignment: MemoryLayout<Element>.alignment
        ) { (buffer) throws(StoreError) -> Element in
            let target = unsafe buffer.baseAddress.unsafelyUnwrapped
            let start = index &* MemoryLayout<Element>.stride
            unsafe copyOut(start..<start &+ MemoryLayout<Element>.size, to: target)
            if let checked { try unsafe checked.check(UnsafeRawBufferPointer(buffer)) }
            return unsafe target.load(as: Element.self)
        }
    }

    /// Replaces the element at `index`, whole or not at all. Up to 8 bytes: one atomic store. Larger: under the array's
    /// lock, for which it waits as long as the store's `lockTimeout`; then `.timedOut`, naming the holder.
    @inlinable
    public func store(_ value: Element, at index: Int) throws(StoreError) {
        if Self.isAtomic {
            try checkWritable()
            storeWord(Self.word(of: value), index)
            return
        }
        checkIndex(index)
        try lock(timeout: nil)
        defer { unlock() }
        let start = index &* MemoryLayout<Element>.stride
        do {
            try unsafe attachment.replace(start..<start &+ MemoryLayout<Element>.size, of: cell) { buffer in
                unsafe buffer.baseAddress.unsafelyUnwrapped.storeBytes(of: value, as: Element.self)
            }
        } catch {
            throw StoreError(wrapping: error)
        }
    }

    // MARK: Many elements

    /// A copy of the elements in `range`. Takes no lock. Each element of up to 8 bytes is whole; the copy as a whole is
    /// of one moment with regard to `update(atomically:)`, but not to writes of single elements or in-place bulk writes:
    /// for that, use `withLock`. O(`range.count`).
    @inlinable
    public func values(in range: Range<Int>) throws(StoreError) -> [Element] {
        checkRange(range)
        let result = unsafe [Element](unsafeUninitializedCapacity: range.count) { buffer, initialized in
            if !range.isEmpty {
                unsafe copyOut(bytes(of: range), to: UnsafeMutableRawPointer(buffer.baseAddress!))
            }
            initialized = range.count
        }
        if checked != nil {
            unsafe try result.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe check(bytes) }
        }
        return result
    }

    /// A copy of all elements; see `values(in:)`.
    public func values() throws(StoreError) -> [Element] { try values(in: indices) }

    /// Writes the elements from `start` on, in place, under the array's lock. Killed within, the next to lock the array
    /// is told (see `withLock`).
    @inlinable
    public func write(_ elements: some Collection<Element>, at start: Int = 0) throws {
        let range = start..<start + elements.count
        try withLock(range) { span in
            var index = 0
            for element in elements {
                span[index] = element
                index += 1
            }
        }
    }

    /// Sets every element in `range`, or all, to the value, in place, under the array's lock.
    @inlinable
    public func fill(_ value: Element, in range: Range<Int>? = nil) throws {
        try withLock(range) { span in span.update(repeating: value) }
    }

    /// Runs `body` on the elements in `range` (or all) in place, while nobody else has the array's lock. Afterwards
    /// just the chunks of the range are dirty, whether `body` throws or not.
    ///
    /// Processes that read elements without the lock see the work in progress. A checkpoint does not: it holds the lock.
    ///
    /// If a process died in such a bulk write, the range it was at may be half written, and is not checkpointed until
    /// somebody has seen to it: the next to lock the array gets `.ownerDied`, unless it brings a `repair`, which gets
    /// that range's elements before `body` runs.
    ///
    /// Blocks; throws `.timedOut`, naming the holder, after `timeout` (the store's `lockTimeout` if nil). Not recursive.
    public func withLock<Result>(
        _ range: Range<Int>? = nil, timeout: Duration? = nil,
        repair: ((_ torn: inout MutableSpan<Element>, _ range: Range<Int>) throws -> Void)? = nil,
        _ body: (inout MutableSpan<Element>) throws -> Result
    ) throws -> Result {
        let range = range ?? indices
        checkRange(range)
        try lock(timeout: timeout)
        defer { unlock() }
        cell.holder.setRelaxed(LockHolder.word(slot: attachment.slot))
        crashPoint("bulk: holder named")
        let recovery = ArrayRecovery(reference: cell, segment: attachment.segment)
        if let torn = recovery.tornBytes { try mend(torn, recovery, repair) }
        return try bulk(range, recovery, body)
    }

    /// Runs `body` on a copy of the elements in `range` (or all), which takes the place of the elements in one step when
    /// `body` returns: every reader sees all of it or nothing, whoever is killed. If `body` throws, nothing changes.
    ///
    /// Writes that others make to single elements in the range meanwhile are overwritten. Needs memory for the copy,
    /// which the array keeps for the next update. Blocks and throws as `withLock`.
    public func update<Result>(
        atomically range: Range<Int>? = nil, timeout: Duration? = nil,
        _ body: (inout MutableSpan<Element>) throws -> Result
    ) throws -> Result {
        let range = range ?? indices
        checkRange(range)
        try lock(timeout: timeout)
        defer { unlock() }
        cell.holder.setRelaxed(LockHolder.word(slot: attachment.slot))
        crashPoint("update: holder named")
        let recovery = ArrayRecovery(reference: cell, segment: attachment.segment)
        if let torn = recovery.tornBytes { try mend(torn, recovery, nil) }
        return unsafe try attachment.replace(bytes(of: range), of: cell) { buffer in
            if let checked { try unsafe Self.check(UnsafeRawBufferPointer(buffer), checked) }
            let elements = unsafe buffer.bindMemory(to: Element.self)
            var span = unsafe elements.mutableSpan
            return try body(&span)
        }
    }

    // MARK: Parts

    private func bulk<Result>(
        _ range: Range<Int>, _ recovery: ArrayRecovery, _ body: (inout MutableSpan<Element>) throws -> Result
    ) throws -> Result {
        let bytes = bytes(of: range)
        let memory = unsafe UnsafeMutableRawBufferPointer(start: cell.payload + bytes.lowerBound, count: bytes.count)
        try unsafe check(UnsafeRawBufferPointer(memory))
        recovery.beginBulk(bytes)
        defer {
            attachment.noteChange(bytes, of: cell)
            crashPoint("bulk: noted")
            recovery.endBulk()
        }
        let elements = unsafe memory.bindMemory(to: Element.self)
        var span = unsafe elements.mutableSpan
        let result = try body(&span)
        crashPoint("bulk: written")
        return result
    }

    private func mend(
        _ torn: Range<Int>, _ recovery: ArrayRecovery,
        _ repair: ((inout MutableSpan<Element>, Range<Int>) throws -> Void)?
    ) throws {
        let stride = MemoryLayout<Element>.stride
        let range = torn.lowerBound / stride..<Swift.min((torn.upperBound + stride - 1) / stride, count)
        guard let repair else {
            throw StoreError(
                .ownerDied,
                "a process died in the middle of a bulk write to elements \(range.lowerBound)..<\(range.upperBound) of "
                    + "\(attachment.describe(cell)): lock it with a repair that puts them right (an empty one accepts "
                    + "them as they are)")
        }
        // A repair that throws leaves the range on record as torn.
        let bytes = bytes(of: range)
        let memory = unsafe UnsafeMutableRawBufferPointer(start: cell.payload + bytes.lowerBound, count: bytes.count)
        try unsafe check(UnsafeRawBufferPointer(memory))
        var span = unsafe memory.bindMemory(to: Element.self).mutableSpan
        try repair(&span, range)
        crashPoint("repair: done")
        attachment.noteChange(bytes, of: cell)
        recovery.endBulk()
    }

    @usableFromInline @inline(__always)
    func lock(timeout: Duration?) throws(StoreError) {
        try checkWritable()
        try attachment.lock(cell, timeout: timeout)
        crashPoint("array lock: taken")
        if cell.isRemoved {
            cell.lock.unlock()
            throw attachment.removedError
        }
    }

    @usableFromInline @inline(__always)
    func unlock() {
        cell.holder.setRelaxed(0)
        crashPoint("array lock: holder gone")
        cell.lock.unlock()
    }

    @inlinable @inline(__always)
    func checkWritable() throws(StoreError) {
        if policy > 1 { throw attachment.readOnlyError }
    }

    @inlinable @inline(__always)
    func checkIndex(_ index: Int) {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: cell.count), "the index is out of the array's bounds")
    }

    @usableFromInline
    func checkRange(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "the range is out of the array's bounds")
    }

    @inlinable @inline(__always)
    func bytes(of range: Range<Int>) -> Range<Int> {
        range.lowerBound * MemoryLayout<Element>.stride..<range.upperBound * MemoryLayout<Element>.stride
    }

    @usableFromInline @unsafe
    func copyOut(_ bytes: Range<Int>, to target: UnsafeMutableRawPointer) {
        unsafe attachment.copyOut(bytes, of: cell, to: target)
    }

    @usableFromInline @unsafe
    func check(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
        if let checked { try unsafe Self.check(bytes, checked) }
    }

    private static func check(_ bytes: UnsafeRawBufferPointer, _ schema: Schema) throws(StoreError) {
        var offset = 0
        while offset < bytes.count {
            let end = Swift.min(offset + MemoryLayout<Element>.stride, bytes.count)
            try unsafe schema.check(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
            offset = end
        }
    }

    // MARK: Atomic elements

    @inlinable @inline(__always)
    func element(_ index: Int) -> SharedElement {
        checkIndex(index)
        return unsafe SharedElement(
            cell.payload + index &* MemoryLayout<Element>.stride, stride: MemoryLayout<Element>.stride)
    }

    @inlinable @inline(__always)
    func loadWord(_ index: Int) -> UInt64 {
        let element = element(index)
        // Even: no committed update is waiting to be applied.
        if cell.sequence.acquire() & 1 == 0 { return element.load() }
        return loadWordDuringUpdate(index)
    }

    @usableFromInline @inline(never)
    func loadWordDuringUpdate(_ index: Int) -> UInt64 {
        var word: UInt64 = 0
        let start = index * MemoryLayout<Element>.stride
        unsafe withUnsafeMutableBytes(of: &word) { bytes in
            unsafe copyOut(start..<start + MemoryLayout<Element>.stride, to: bytes.baseAddress!)
        }
        return UInt64(littleEndian: word)
    }

    @inlinable @inline(__always)
    func storeWord(_ word: UInt64, _ index: Int) {
        let element = element(index)
        settle()
        element.store(word)
        noteChange(index)
    }

    /// A write waits for a committed update to be applied, which would overwrite it.
    @inlinable @inline(__always)
    func settle() {
        if cell.sequence.acquire() & 1 != 0 { attachment.settleUpdate(of: cell) }
    }

    @inlinable @inline(__always)
    func noteChange(_ index: Int) {
        crashPoint("element: changed")
        MemoryBarrier.compilerOnly()
        let mark = cell.mark(ofChunk: (index &* MemoryLayout<Element>.stride) >> SegmentLayout.chunkShift)
        if _slowPath(mark.word.relaxed() & quiet == 0) {
            attachment.noteChange(mark, telling: cell.arrayWatch, cell: cell.id)
        }
    }

    @inlinable @inline(__always)
    static func word(of value: Element) -> UInt64 {
        var word: UInt64 = 0
        unsafe withUnsafeMutableBytes(of: &word) { unsafe $0.storeBytes(of: value, as: Element.self) }
        return UInt64(littleEndian: word)
    }

    @inlinable @inline(__always)
    static func value(ofWord word: UInt64, _ checked: Schema?) throws(StoreError) -> Element {
        if let checked { try checked.check(word: word) }
        let bytes = word.littleEndian
        return unsafe withUnsafeBytes(of: bytes) { unsafe $0.loadUnaligned(as: Element.self) }
    }
}

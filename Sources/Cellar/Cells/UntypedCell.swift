import CCellar

/// A cell handled through its schema and bytes, for programs that do not have its Swift type: the command-line tool, an
/// importer, a bridge to another language.
///
/// Indices count elements; a value has the one index 0. Bytes are those of one element as it lies in memory
/// (`info.schema.size` bytes). Everything holds to the same protocols as the typed handles, so both can be used on one
/// cell at the same time.
public struct UntypedCell: Sendable {
    /// What the cell is.
    public let info: CellInfo
    private let cell: CellReference
    private let image: CellImage?
    private let attachment: Attachment

    init(_ info: CellInfo, _ cell: CellReference, image: CellImage?, _ attachment: Attachment) {
        self.info = info
        self.cell = cell
        self.image = image
        self.attachment = attachment
    }

    private var isWord: Bool { info.kind == .value && info.schema.size <= 8 }
    private var isAtomicElement: Bool { info.kind == .array && SharedElement.isAtomic(stride: cell.stride) }

    var watch: CellWatch {
        info.kind == .value
            ? CellWatch(value: cell, image: image, attachment)
            : CellWatch(array: cell, elements: 0..<info.count, image: image, attachment)
    }

    func watch(_ range: Range<Int>) -> CellWatch {
        CellWatch(array: cell, elements: range, image: image, attachment)
    }

    var storeSequence: UInt64 { cell.sequence.acquire() }

    // MARK: Reading

    /// The bytes of the element at `index`. Takes no lock. Throws `.invalidValue` if there is no such index.
    public func bytes(at index: Int = 0) throws(StoreError) -> [UInt8] {
        try checkIndex(index)
        if info.kind == .value { return CellReader(reference: cell).bytes() }
        return Array(try bytes(in: index..<index + 1).prefix(cell.size))
    }

    /// The bytes of the elements in the range, `info.schema.stride` bytes each. Takes no lock. O(`range.count`).
    public func bytes(in range: Range<Int>) throws(StoreError) -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= info.count else { throw outOfBounds(range.upperBound - 1) }
        if range.isEmpty { return [] }
        if info.kind == .value {
            let bytes = CellReader(reference: cell).bytes()
            return bytes + [UInt8](repeating: 0, count: info.schema.stride - bytes.count)
        }
        let place = range.lowerBound * cell.stride..<range.upperBound * cell.stride
        return unsafe [UInt8](unsafeUninitializedCapacity: place.count) { buffer, count in
            unsafe attachment.copyOut(place, of: cell, to: UnsafeMutableRawPointer(buffer.baseAddress!))
            count = place.count
        }
    }

    // MARK: Writing

    /// Replaces the element at `index`, whole or not at all; checks that the bytes are a value of the type. Blocks as the
    /// typed handles do, at most for the store's `lockTimeout`.
    public func setBytes(_ bytes: [UInt8], at index: Int = 0) throws(StoreError) {
        try modify(at: index) { $0 = bytes }
    }

    /// Replaces the elements in the range, which is what one lock and one update cost: `info.schema.stride` bytes each. Nobody sees
    /// some of them old and some new, but who reads one by one. Checks all before the first is replaced; throws
    /// `.invalidValue` where the bytes are none. Blocks as `setBytes(_:at:)`. O(`range.count`), and as much memory again: give
    /// a long array in pieces.
    public func setBytes(_ bytes: [UInt8], in range: Range<Int>) throws(StoreError) {
        // No crash point: `modify` and `ArrayRecovery.commitUpdate` have them.
        try attachment.checkWritable()
        guard range.lowerBound >= 0, range.upperBound <= info.count else { throw outOfBounds(range.upperBound - 1) }
        let stride = info.schema.stride
        guard bytes.count == range.count * stride else {
            throw StoreError(
                .invalidValue,
                "'\(info.name)' takes \(stride) bytes an element, and \(bytes.count) are not those of \(range.count)")
        }
        if range.isEmpty { return }
        if info.kind == .value { return try setBytes(Array(bytes.prefix(info.schema.size))) }
        try checkElements(bytes)
        do {
            try locked {
                unsafe try attachment.replace(range.lowerBound * stride..<range.upperBound * stride, of: cell) {
                    unsafe $0.copyBytes(from: bytes)
                }
            }
        } catch { throw StoreError(wrapping: error) }
    }

    /// Runs `body` while nobody else has the cell's lock.
    private func locked(_ body: () throws -> Void) throws {
        try attachment.lock(cell, timeout: nil)
        defer {
            cell.holder.setRelaxed(0)
            cell.lock.unlock()
        }
        if cell.isRemoved { throw attachment.removedError }
        cell.holder.setRelaxed(LockHolder.word(slot: attachment.slot))
        crashPoint("untyped: holder named")
        try body()
    }

    private func checkElements(_ bytes: [UInt8]) throws(StoreError) {
        if info.schema.acceptsAllBits { return }
        unsafe try bytes.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in
            for start in Swift.stride(from: 0, to: bytes.count, by: info.schema.stride) {
                unsafe try info.schema.check(UnsafeRawBufferPointer(rebasing: bytes[start..<start + info.schema.size]))
            }
        }
    }

    /// Replaces the element at `index` by what `change` makes of its bytes, in one step: no change of others is lost.
    /// `change` may run more than once.
    public func modify(at index: Int = 0, _ change: (inout [UInt8]) throws -> Void) throws(StoreError) {
        try attachment.checkWritable()
        try checkIndex(index)
        do {
            if isWord {
                try modifyWord(change)
            } else if isAtomicElement {
                try modifyElement(index, change)
            } else {
                try modifyLocked(index, change)
            }
        } catch {
            throw StoreError(wrapping: error)
        }
    }

    private func modifyWord(_ change: (inout [UInt8]) throws -> Void) throws {
        var seen = cell.word.acquire()
        while true {
            let word = try changed(seen, change)
            let (exchanged, now) = cell.word.compareExchange(seen, word)
            if exchanged { break }
            seen = now
        }
        noteValue()
    }

    private func modifyElement(_ index: Int, _ change: (inout [UInt8]) throws -> Void) throws {
        let element = unsafe SharedElement(cell.payload + index * cell.stride, stride: cell.stride)
        if cell.sequence.acquire() & 1 != 0 { attachment.settleUpdate(of: cell) }
        var seen = element.load()
        while true {
            let word = try changed(seen, change)
            let (exchanged, now) = element.compareExchange(seen, word)
            if exchanged { break }
            seen = now
        }
        attachment.noteChange(index * cell.stride..<(index + 1) * cell.stride, of: cell)
    }

    private func modifyLocked(_ index: Int, _ change: (inout [UInt8]) throws -> Void) throws {
        // No crash point: see `locked`, `noteValue` and `Attachment.replace`.
        try locked {
            var bytes = try bytes(at: index)
            try change(&bytes)
            try check(bytes)
            if info.kind == .value {
                unsafe bytes.withUnsafeBytes {
                    unsafe CellWriter(reference: cell).write($0.baseAddress!, size: cell.size)
                }
                noteValue()
            } else {
                let start = index * cell.stride
                unsafe try attachment.replace(start..<start + cell.size, of: cell) { unsafe $0.copyBytes(from: bytes) }
            }
        }
    }

    // MARK: Parts

    /// The word that stands for what `change` makes of the bytes that `word` stands for.
    private func changed(_ word: UInt64, _ change: (inout [UInt8]) throws -> Void) throws -> UInt64 {
        var bytes = (0..<cell.size).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
        try change(&bytes)
        try check(bytes)
        return bytes.enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64($1.offset * 8) }
    }

    private func noteValue() {
        crashPoint("untyped: changed")
        if attachment.writePolicy == Attachment.plain { MemoryBarrier.compilerOnly() } else { MemoryBarrier.full() }
        if !cell.mark.isQuiet { attachment.noteChange(cell.mark, cell: cell.id) }
    }

    private func check(_ bytes: [UInt8]) throws(StoreError) {
        guard bytes.count == info.schema.size else {
            throw StoreError(
                .invalidValue, "'\(info.name)' takes \(info.schema.size) bytes an element, not \(bytes.count)")
        }
        unsafe try bytes.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe info.schema.check(bytes)
        }
    }

    private func checkIndex(_ index: Int) throws(StoreError) {
        guard index >= 0, index < info.count else { throw outOfBounds(index) }
    }

    private func outOfBounds(_ index: Int) -> StoreError {
        StoreError(
            .invalidValue,
            "'\(info.name)' has no element \(index): it has \(info.count) "
                + (info.count == 1 ? "element, 0" : "elements, 0 to \(info.count - 1)"))
    }
}

import CCellar

/// How far a cell, or a part of an array, had changed when somebody looked: to wait for what comes after.
///
/// Of use with handles of the cell that come from the same store object, until that is closed. Of a value it stands for the
/// content. Of an array it counts changes, modulo 2³²: only those that somebody waited for; in a read-only process it stands
/// for the content there too, as a hash.
public struct CellVersion: Hashable, Sendable {
    /// The chunk that the first number is of; a value has the one chunk 0.
    let firstChunk: Int
    let numbers: [UInt64]

    var chunks: Range<Int> { firstChunk..<firstChunk + numbers.count }
}

/// What changed, and from when on to wait for more.
public struct CellChanges: Hashable, Sendable {
    /// The elements that may have changed, in pieces of the 64 KiB that are watched as one; for a value `0..<1`.
    public let ranges: [Range<Int>]
    /// The cell's version now. What changes while `ranges` are looked at comes with the next changes.
    public let version: CellVersion
}

/// A value, or chunks of an array, as something that changes.
struct CellWatch: Watchable {
    let attachment: Attachment
    let cell: CellReference
    /// Private memory in place of the segment, for what only the disk has: it never changes.
    let image: CellImage?
    let isArray: Bool
    /// The chunks that are watched; 0 of a value.
    let chunks: Range<Int>

    init(value cell: CellReference, image: CellImage?, _ attachment: Attachment) {
        (self.cell, self.image, self.attachment) = (cell, image, attachment)
        (isArray, chunks) = (false, 0..<1)
    }

    /// The elements in the range, which is not empty and within the array.
    init(array cell: CellReference, elements: Range<Int>, image: CellImage?, _ attachment: Attachment) {
        (self.cell, self.image, self.attachment) = (cell, image, attachment)
        let first = (elements.lowerBound * cell.stride) >> SegmentLayout.chunkShift
        let last = (elements.upperBound * cell.stride - 1) >> SegmentLayout.chunkShift
        isArray = true
        chunks = first..<last + 1
    }

    /// The same cell, the part that a version is of.
    init(_ other: CellWatch, following version: CellVersion) {
        (cell, image, attachment, isArray) = (other.cell, other.image, other.attachment, other.isArray)
        chunks = version.chunks.clamped(to: 0..<(isArray ? cell.chunkCount : 1))
    }

    var count: SharedFutex { isArray ? cell.arrayWatch.futex : cell.mark.watch.futex }

    func checkThere() throws(StoreError) { if image == nil, cell.state == .removed { throw attachment.removedError } }

    private func mark(_ chunk: Int) -> DirtyMark { isArray ? cell.mark(ofChunk: chunk) : cell.mark }

    // MARK: Versions

    /// Whether versions count changes. As long as such a version is current, all its chunks are armed.
    private var isCounted: Bool { isArray && attachment.canArm }

    /// The version now: of what is read after this, no change is missed.
    func version() throws(StoreError) -> CellVersion {
        try checkWatchable()
        guard isCounted else {
            return CellVersion(firstChunk: chunks.lowerBound, numbers: chunks.map { contentNumber($0) })
        }
        return CellVersion(firstChunk: chunks.lowerBound, numbers: try arm().map { UInt64($0) })
    }

    /// Has writers tell of the next change of each chunk; the counts until then.
    @discardableResult
    private func arm() throws(StoreError) -> [UInt32] {
        guard let segment = attachment.segment else { throw attachment.readOnlyError }
        let counts = chunks.map { mark($0).watch.arm() }
        // Between arming and looking; pairs with the fence of every writer between changing and looking at the mark.
        try segment.passBarrier()
        return counts
    }

    func prepareToSleep() throws(StoreError) { if !isCounted { try arm() } }

    func seemsCurrent(_ version: CellVersion, at count: UInt32) -> Bool {
        isArray ? self.count.acquire() == count : isCurrent(version)
    }

    func isCurrent(_ version: CellVersion) -> Bool {
        version.chunks == chunks && chunks.allSatisfy { version.numbers[$0 - chunks.lowerBound] == number($0) }
    }

    /// Elements that changed from one version to a later one.
    func changes(from old: CellVersion, to new: CellVersion) -> CellChanges {
        var ranges: [Range<Int>] = []
        for chunk in new.chunks {
            if old.chunks.contains(chunk), old.numbers[chunk - old.firstChunk] == new.numbers[chunk - new.firstChunk] {
                continue
            }
            let elements = elements(ofChunk: chunk)
            if let last = ranges.last, last.upperBound >= elements.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound..<elements.upperBound
            } else {
                ranges.append(elements)
            }
        }
        return CellChanges(ranges: ranges, version: new)
    }

    /// Those that lie in the chunk, be it with a part of them.
    private func elements(ofChunk chunk: Int) -> Range<Int> {
        guard isArray else { return 0..<1 }
        let end = (chunk + 1) << SegmentLayout.chunkShift
        let start = chunk << SegmentLayout.chunkShift
        return start / cell.stride..<min((end + cell.stride - 1) / cell.stride, cell.count)
    }

    /// The number that moves on when the chunk changes.
    private func number(_ chunk: Int) -> UInt64 {
        isCounted ? UInt64(mark(chunk).watch.count) : contentNumber(chunk)
    }

    // MARK: Content

    /// A number that stands for the content: the word itself, how often a larger value was written, or a hash.
    private func contentNumber(_ chunk: Int) -> UInt64 {
        if isArray { return digest(chunk) }
        return cell.size <= 8 ? Self.number(ofWord: cell.word.acquire(), size: cell.size) : cell.sequence.acquire() >> 1
    }

    /// Without what ran over from a narrow integer.
    static func number(ofWord word: UInt64, size: Int) -> UInt64 {
        size < 8 ? word & ((1 << UInt64(size * 8)) - 1) : word
    }

    /// FNV-1a over words, turned so that high bits come down. Elements begin at a multiple of 8, and have memory up to one.
    private func digest(_ chunk: Int) -> UInt64 {
        let start = chunk << SegmentLayout.chunkShift
        let end = min(start + SegmentLayout.chunkSize, cell.stride * cell.count)
        var digest: UInt64 = 0xCBF2_9CE4_8422_2325
        var offset = start
        while offset < end {
            let word = unsafe SharedWord(cell.payload + offset).relaxed()
            digest = (digest ^ word) &* 0x0000_0100_0000_01B3
            digest ^= digest >> 29
            offset += 8
        }
        return digest
    }
}

extension CellWatch {
    // MARK: Waiting

    /// What changed after the version; nil if nothing did until the deadline. Blocks the thread.
    func changes(after version: CellVersion, until deadline: Int64) throws(StoreError) -> CellChanges? {
        let watch = CellWatch(self, following: version)
        guard try watch.waitForChange(after: version, until: deadline) else { return nil }
        return watch.changes(from: version, to: try watch.version())
    }
}

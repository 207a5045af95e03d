/// The content of a list, log or block as the disk has it, for a process that only looks, where nobody has it in memory.
struct StructureImage: Sendable {
    let byteCount: Int
    /// Those that the disk has; others stand for zeros, so that no more memory is taken than there is on disk.
    private let chunks: [UInt32: [UInt8]]

    /// Reads all of it, as of one moment. O(bytes on disk).
    init(_ form: StructureForm, _ uid: UInt64, _ catalogue: Catalogue) throws(StoreError) {
        let byteCount = form.byteCount
        self.byteCount = byteCount
        chunks = try catalogue.database.read { (transaction) throws(StoreError) in
            var chunks: [UInt32: [UInt8]] = [:]
            let start = ChunkKey(uid: uid, chunk: 0).bytes
            try transaction.forEach(in: catalogue.values, from: start) { (key, value) throws(StoreError) in
                guard let key = ChunkKey(key) else { throw Self.damaged("a key in 'values' has the wrong length") }
                guard key.uid == uid else { return false }
                let rest = byteCount - Int(key.chunk) << SegmentLayout.chunkShift
                guard value.byteCount <= min(rest, SegmentLayout.chunkSize) else {
                    throw Self.damaged("chunk \(key.chunk) of the identity \(uid) is longer than its cell")
                }
                chunks[key.chunk] = value.copiedBytes
                return true
            }
            return chunks
        }
    }

    private static func chunks(of range: Range<Int>) -> Range<UInt32> {
        let end = (range.upperBound + SegmentLayout.chunkSize - 1) >> SegmentLayout.chunkShift
        return UInt32(range.lowerBound >> SegmentLayout.chunkShift)..<UInt32(end)
    }

    /// O(`range.count`).
    private func bytes(in range: Range<Int>) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        for number in Self.chunks(of: range) {
            guard let chunk = chunks[number] else { continue }
            let start = Int(number) << SegmentLayout.chunkShift
            let part = range.clamped(to: start..<start + chunk.count)
            bytes.replaceSubrange(
                part.lowerBound - range.lowerBound..<part.upperBound - range.lowerBound,
                with: chunk[part.lowerBound - start..<part.upperBound - start])
        }
        return bytes
    }

    private func word(_ offset: Int) -> UInt64 {
        bytes(in: offset..<offset + 8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func damaged(_ what: String) -> StoreError {
        StoreError(.corruptDatabase, "\(what): the database is damaged")
    }

    // MARK: Blocks and lists

    var all: [UInt8] { bytes(in: 0..<byteCount) }

    func count(of shape: ListShape) throws(StoreError) -> Int {
        let count = word(0)
        guard count <= UInt64(shape.capacity) else { throw Self.damaged("a list is said to have \(count) elements") }
        return Int(count)
    }

    /// The bytes of a list's elements, of which it must have as many.
    func elements(_ range: Range<Int>, of shape: ListShape) -> [UInt8] { bytes(in: Self.place(of: range, shape)) }

    /// The elements that the disk has, in order and in pieces; others are zeros. O(chunks on disk).
    func pieces(of shape: ListShape) throws(StoreError) -> [Range<Int>] {
        let count = try count(of: shape)
        var pieces: [Range<Int>] = []
        for chunk in chunks.keys.sorted() {
            let start = Int(chunk) << SegmentLayout.chunkShift - ListShape.head
            let lower = max(start / shape.stride, pieces.last?.upperBound ?? 0)
            let upper = min((start + SegmentLayout.chunkSize + shape.stride - 1) / shape.stride, count)
            if lower < upper { pieces.append(lower..<upper) }
        }
        return pieces
    }

    private static func place(of elements: Range<Int>, _ shape: ListShape) -> Range<Int> {
        ListShape.head + elements.lowerBound * shape.stride..<ListShape.head + elements.upperBound * shape.stride
    }

    // MARK: Logs

    /// The oldest entry that is kept, and the one that is appended next: as `LogMemory.range`.
    func range(of shape: LogShape) -> (first: UInt64, next: UInt64) {
        let (first, next) = (word(0), word(8))
        let oldest = next > UInt64(shape.capacity) ? next - UInt64(shape.capacity) : 0
        return (min(max(first, oldest), next), next)
    }

    func entry(_ number: UInt64, of shape: LogShape) throws(StoreError) -> (time: UInt64, bytes: [UInt8]) {
        let place = shape.entries + Int(number % UInt64(shape.capacity)) * shape.stride
        let count = word(place + 16)
        guard word(place) == number &+ 1, count <= UInt64(shape.room) else {
            throw Self.damaged("a log has no entry \(number)")
        }
        let start = place + LogShape.entryHead
        return (word(place + 8), bytes(in: start..<start + Int(count)))
    }

    /// What is wrong with what a log says of its entries and groups.
    func faults(of shape: LogShape) -> [String] {
        var faults: [String] = []
        let (first, next) = (word(0), word(8))
        // One that never had an entry may have been about to begin with any.
        if next > 0, first > next || next - first > UInt64(shape.capacity) {
            faults.append("on disk is said to have the entries \(first) to \(next), and room for \(shape.capacity)")
        }
        if word(24) > UInt64(LogShape.mostGroups) {
            faults.append("on disk is said to have \(word(24)) groups, and room for \(LogShape.mostGroups)")
        }
        let places = (0..<min(Int(clamping: word(24)), LogShape.mostGroups)).map {
            LogShape.head + $0 * LogShape.groupSize
        }
        for place in places where word(place + 8) > UInt64(LogShape.longestName) {
            faults.append("on disk has a group with a name of \(word(place + 8)) bytes")
        }
        return faults
    }

    var groups: [(name: String, position: UInt64)] {
        (0..<min(Int(clamping: word(24)), LogShape.mostGroups)).map { index in
            let start = LogShape.head + index * LogShape.groupSize
            let count = min(Int(clamping: word(start + 8)), LogShape.longestName)
            return (String(decoding: bytes(in: start + 16..<start + 16 + count), as: UTF8.self), word(start))
        }
    }
}

extension Attachment {
    /// The structure of the name from disk, for a process that only looks; nil where it is in memory, can be brought there, or is
    /// not there.
    func structureImage(
        _ name: String, kind: StructureKind
    ) throws(StoreError) -> (form: StructureForm, image: StructureImage)? {
        guard try isOnlyOnDisk(name), let record = try record(name), record.kind == .structure else { return nil }
        let form = try form(record, name)
        return form.kind == kind ? (form, try StructureImage(form, record.uid, catalogue)) : nil
    }

    /// Whether this process, which only looks, cannot have a structure of the name but from disk, if there is one.
    func isOnlyOnDisk(_ name: String) throws(StoreError) -> Bool {
        guard writePolicy == Self.readOnly else { return false }
        guard let segment else { return true }
        return try liveCell(name, segment) == nil
    }
}

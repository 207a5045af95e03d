/// A queue as the disk has it, for a process that only looks, where nobody has it in memory.
struct QueueImage: Sendable {
    let shape: QueueShape
    private let image: CellImage

    /// Reads all of it, as of one moment. O(bytes).
    init(_ shape: QueueShape, _ uid: UInt64, _ catalogue: Catalogue) throws(StoreError) {
        self.shape = shape
        image = try catalogue.image(ofBytes: shape.byteCount, of: uid)
    }

    private func item(_ number: Int) -> QueueItem {
        unsafe QueueItem(image.reference.payload + QueueShape.contentHead + number * shape.stride)
    }

    /// Calls `body` with each item. Leases that went to disk are over.
    func forEach(_ body: (QueueItemInfo) throws(StoreError) -> Void) throws(StoreError) {
        let now = MonotonicClock.wall() / 1_000_000
        for number in 0..<shape.capacity {
            guard var item = item(number).info(room: shape.room, now: now) else { continue }
            if item.state == .leased { (item.state, item.holder, item.holderID) = (.ready, nil, nil) }
            try body(item)
        }
    }

    /// The sequence of the item that is put next.
    var nextSequence: UInt64 {
        let written = unsafe image.reference.payload.load(as: UInt64.self)
        let last = (0..<shape.capacity).filter { item($0).state != .free }.map { item($0).sequence }.max() ?? 0
        return max(written, last &+ 1)
    }

    var isClosed: Bool {
        unsafe image.reference.payload.load(fromByteOffset: 8, as: UInt64.self) != 0
    }

    /// What is wrong with the items; see `QueueCheck`.
    var faults: [String] {
        var check = QueueCheck(shape)
        for number in 0..<shape.capacity { check.look(at: item(number), number) }
        return check.faults
    }
}

extension Attachment {
    /// The queue of the name from disk, for a process that only looks; nil where it is in memory, or can be brought there.
    func queueImage(_ name: String, _ shape: QueueShape) throws(StoreError) -> QueueImage? {
        guard try isOnlyOnDisk(name) else { return nil }
        guard let record = try record(name) else { throw Self.noSuchCell(name, in: directory.path) }
        guard record.kind == .structure, record.schemaText == shape.text else {
            throw StoreError(.noSuchCell, "the queue '\(name)' was replaced just now: look again")
        }
        return try QueueImage(shape, record.uid, catalogue)
    }
}

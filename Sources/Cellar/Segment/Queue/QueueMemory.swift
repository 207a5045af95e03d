import CCellar
import Glibc

/// A queue's bytes: items in the content, which are the truth, and the index, which is made of them.
///
/// | item's state | means | next |
/// |---|---|---|
/// | free | nothing | ready: put |
/// | ready | to be delivered, when it is due | free: got for good; leased |
/// | leased | a process has it | free: acknowledged; ready: rejected, holder dead, time over; dead: too often |
/// | dead | set aside | free: taken out; ready: put back |
///
/// All of it is used under the queue's lock only. Each change of an item is one store of its state word, after everything
/// else of the item was written; the index follows. Who dies within leaves an index that may disagree: the next holder of the
/// lock makes it anew (`rebuild`). Nothing that is read is believed.
///
/// A class, so that it is handed on as one word.
@safe
final class QueueMemory: @unchecked Sendable {
    let reference: StructureReference
    let segment: Segment
    let capacity: Int
    let priorities: Int
    let room: Int
    let stride: Int
    let mostDeliveries: Int
    /// In milliseconds; 0 = for as long as the holder lives.
    let leaseTime: Int
    private let content: UnsafeMutableRawPointer
    let index: UnsafeMutableRawPointer
    private let ringsStart: Int
    private let heapStart: Int
    private let linksStart: Int
    private let takersStart: Int

    init(_ reference: StructureReference, _ shape: QueueShape, _ segment: Segment) {
        self.reference = reference
        self.segment = segment
        capacity = shape.capacity
        priorities = shape.priorities
        room = shape.room
        stride = shape.stride
        mostDeliveries = shape.deliveries
        leaseTime = shape.lease
        unsafe content = reference.cell.payload
        unsafe index = reference.index
        ringsStart = shape.rings
        heapStart = shape.heap
        linksStart = shape.links
        takersStart = shape.takers
    }

    // MARK: The content

    @inline(__always)
    var header: UnsafeMutablePointer<cellar_queue_content> {
        unsafe content.assumingMemoryBound(to: cellar_queue_content.self)
    }

    @inline(__always)
    func item(_ number: Int) -> QueueItem {
        unsafe QueueItem(content + QueueShape.contentHead + number * stride)
    }

    /// Where an item's bytes lie in the content.
    @inline(__always)
    func range(_ number: Int) -> Range<Int> {
        let start = QueueShape.contentHead + number * stride
        return start..<start + stride
    }

    /// The number, if there is such an item.
    @inline(__always)
    func checked(_ number: UInt32) throws(StoreError) -> Int {
        guard Int(number) < capacity else { throw damaged("has no item \(number)") }
        return Int(number)
    }

    @inline(never)
    func damaged(_ what: String) -> StoreError { segment.corrupt("a queue \(what)") }

    // MARK: The index

    @inline(__always)
    var state: UnsafeMutablePointer<cellar_queue_index> {
        unsafe index.assumingMemoryBound(to: cellar_queue_index.self)
    }

    @inline(__always)
    func level(_ priority: Int) -> UnsafeMutablePointer<cellar_queue_level> {
        unsafe (index + 128).assumingMemoryBound(to: cellar_queue_level.self) + priority
    }

    /// The ring of a priority: `capacity` places.
    @inline(__always)
    func ring(_ priority: Int) -> UnsafeMutablePointer<UInt32> {
        unsafe (index + ringsStart).assumingMemoryBound(to: UInt32.self) + priority * capacity
    }

    var heap: UnsafeMutablePointer<UInt32> { unsafe (index + heapStart).assumingMemoryBound(to: UInt32.self) }

    /// Two links an item: the next in its list and the one before, each + 1.
    @inline(__always)
    func links(_ number: Int) -> UnsafeMutablePointer<UInt32> {
        unsafe (index + linksStart).assumingMemoryBound(to: UInt32.self) + number * 2
    }

    @inline(__always)
    func taker(_ slot: Int) -> UnsafeMutablePointer<cellar_queue_taker> {
        unsafe (index + takersStart).assumingMemoryBound(to: cellar_queue_taker.self) + slot
    }

    @inline(__always)
    func bell(_ bell: QueueBell) -> SharedFutex { unsafe SharedFutex(index + bell.rawValue * 4) }
}

/// What those wait for who sleep. The number is that of the futex.
enum QueueBell: Int, CaseIterable {
    case items, spaces, done
}

enum QueueItemState: UInt64 {
    case free, ready, leased, dead

    /// An item's state word.
    @inline(__always)
    func word(length: Int) -> UInt64 { rawValue | UInt64(truncatingIfNeeded: length) << 8 }
}

/// One item, checked to be one of the queue's.
@safe
struct QueueItem {
    let fields: UnsafeMutablePointer<cellar_queue_item>

    @unsafe
    init(_ address: UnsafeMutableRawPointer) {
        unsafe fields = address.assumingMemoryBound(to: cellar_queue_item.self)
    }

    /// Another item so many bytes on.
    @inline(__always) @unsafe
    func advanced(by bytes: Int) -> QueueItem { unsafe QueueItem(UnsafeMutableRawPointer(fields) + bytes) }

    @inline(__always) var word: SharedWord { unsafe SharedWord(UnsafeMutableRawPointer(fields)) }
    @inline(__always) var bytes: UnsafeMutableRawPointer {
        unsafe UnsafeMutableRawPointer(fields) + QueueShape.itemHead
    }

    var state: QueueItemState? { QueueItemState(rawValue: word.acquire() & 0xFF) }
    /// Whether it is in that state.
    @inline(__always) func isIn(_ state: QueueItemState) -> Bool { word.acquire() & 0xFF == state.rawValue }
    @inline(__always) var length: Int { Int(clamping: word.relaxed() >> 8) }
    var sequence: UInt64 { unsafe fields.pointee.sequence }
    var priority: Int { Int(unsafe fields.pointee.priority) }

    /// Commits a change. Release: pairs with the acquire load of who looks without the lock, and has everything else of the
    /// item in place for who finds this process dead.
    @inline(__always)
    func set(_ state: QueueItemState, length: Int) {
        // No crash point: the callers', who name the change.
        word.release(state.word(length: length))
    }

    /// A copy of one moment, taken without the lock; nil if it changed meanwhile.
    func snapshot(room: Int) -> (state: QueueItemState, head: cellar_queue_item, bytes: [UInt8])? {
        let seen = word.acquire()
        let head = unsafe fields.pointee
        guard let state = QueueItemState(rawValue: seen & 0xFF), case let length = Int(clamping: seen >> 8),
            length <= room
        else { return nil }
        var copy = [UInt8](repeating: 0, count: length)
        unsafe copy.withUnsafeMutableBytes { target in
            guard let start = target.baseAddress else { return }
            unsafe SharedBytes.copyOut(bytes, start, count: length)
        }
        SharedFence.acquire()
        // The sequence is never given twice, so the same word and the same sequence are the same item.
        guard word.relaxed() == seen, unsafe fields.pointee.sequence == head.sequence else { return nil }
        return (state, head, copy)
    }
}

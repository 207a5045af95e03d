import CCellar
import Glibc

/// How an item is put.
struct QueuePut {
    var priority = 0
    /// Not delivered before: milliseconds since 1970, 0 = at once.
    var due: UInt64 = 0
    var now: UInt64 = 0
}

/// What an item once was, to be put back so.
struct QueueKept {
    var how: QueuePut
    var sequence: UInt64
    var deliveries: UInt32
    var isDead: Bool
}

/// What became of an item that came back.
enum QueueReturn {
    case ready, delayed, dead
}

/// Changes to items: the bytes, the state (which commits), the index.
extension QueueMemory {
    var isClosed: Bool { unsafe header.pointee.closed != 0 }

    /// Items that were put and are neither done nor set aside.
    var unfinished: UInt64 {
        let state = unsafe state.pointee
        return UInt64(state.ready) &+ UInt64(state.delayed) &+ UInt64(state.leased) &+ state.taken
    }

    /// Puts an item if there is room; returns its number, nil if there is none.
    @inline(__always) @unsafe
    func put(_ bytes: UnsafeRawBufferPointer, _ how: QueuePut) throws(StoreError) -> Int? {
        guard let number = try firstFree else { return nil }
        let item = item(number)
        let sequence = unsafe header.pointee.next_sequence
        unsafe item.fill(bytes.baseAddress, bytes.count, areFresh: true, sequence, how)
        crashPoint("queue put: filled in")
        unsafe header.pointee.next_sequence = sequence &+ 1
        crashPoint("queue put: numbered")
        item.set(.ready, length: bytes.count)
        crashPoint("queue put: ready")
        removeFirstFree(number)
        if how.due == 0 { try append(number, priority: how.priority) } else { try delay(number) }
        crashPoint("queue put: in its place")
        return number
    }

    /// Takes the item that `first` found for good; the caller has its bytes.
    @inline(__always)
    func take(_ number: Int, for holder: QueueHolder) throws(StoreError) {
        // Before the commit: if the process dies in between, what it took counts for nothing anyway.
        countTaken(by: holder)
        crashPoint("queue get: counted")
        item(number).set(.free, length: 0)
        crashPoint("queue get: free")
        try removeFirst()
        free(number)
        crashPoint("queue get: out of the order")
    }

    /// Leases the item that `first` found.
    func lease(_ number: Int, to holder: QueueHolder) throws(StoreError) {
        let item = item(number)
        unsafe item.fields.pointee.holder = holder.word
        unsafe item.fields.pointee.lease_end = leaseTime == 0 ? 0 : Self.monotonicMilliseconds + UInt64(leaseTime)
        unsafe item.fields.pointee.deliveries &+= 1
        crashPoint("queue lease: filled in")
        item.set(.leased, length: item.length)
        crashPoint("queue lease: leased")
        try removeFirst()
        try enlist(number)
        crashPoint("queue lease: listed")
    }

    static var monotonicMilliseconds: UInt64 { UInt64(MonotonicClock.coarse() / 1_000_000) }

    /// Whether the holder still has the lease that gave it the item.
    func isLeased(_ number: Int, _ sequence: UInt64, _ deliveries: UInt32, to holder: QueueHolder) -> Bool {
        guard number >= 0, number < capacity, case let item = item(number), item.state == .leased else { return false }
        let fields = unsafe item.fields.pointee
        return fields.sequence == sequence && fields.holder == holder.word && fields.deliveries == deliveries
    }

    /// Ends a lease: the item is done.
    func acknowledge(_ number: Int) throws(StoreError) {
        item(number).set(.free, length: 0)
        crashPoint("queue acknowledge: free")
        try delist(number)
        free(number)
        crashPoint("queue acknowledge: listed")
    }

    /// Whether it was delivered as often as it may be.
    func isWornOut(_ item: QueueItem) -> Bool {
        unsafe mostDeliveries > 0 && Int(item.fields.pointee.deliveries) >= mostDeliveries
    }

    /// Ends a lease: the item goes back to its place, or aside if it was delivered too often.
    func giveBack(_ number: Int, due: UInt64 = 0) throws(StoreError) -> QueueReturn {
        let item = item(number)
        let isDead = isWornOut(item)
        unsafe item.fields.pointee.due = due
        crashPoint("queue give back: dated")
        item.set(isDead ? .dead : .ready, length: item.length)
        crashPoint("queue give back: ready")
        try delist(number)
        if isDead {
            unsafe state.pointee.dead &+= 1
        } else if due != 0 {
            try delay(number)
        } else {
            try insert(number, priority: try priority(of: number))
        }
        crashPoint("queue give back: in its place")
        return isDead ? .dead : due != 0 ? .delayed : .ready
    }

    /// Gives back what is leased to nobody who lives, or for no longer. Returns the items' numbers. O(leases).
    @discardableResult
    func takeBackLeases() throws(StoreError) -> [Int] {
        // No crash point: see `giveBack`.
        let processes = ProcessTable(segment: segment)
        let now = Self.monotonicMilliseconds
        var over: [Int] = []
        var next = UInt64.max
        try forEachLeased { (number) throws(StoreError) in
            let fields = unsafe item(number).fields.pointee
            let holder = QueueHolder(word: fields.holder)
            let isOver = fields.lease_end != 0 && fields.lease_end <= now
            if isOver || !processes.isAttached(holder.attachment, slot: holder.slot) {
                over.append(number)
            } else if fields.lease_end != 0 {
                next = min(next, fields.lease_end)
            }
        }
        for number in over { _ = try giveBack(number) }
        unsafe state.pointee.next_lease_end = next
        return over
    }

    /// Puts an item back as it once was, if there is room; returns its number, nil if there is none.
    func restore(_ bytes: [UInt8], _ kept: QueueKept, at now: UInt64) throws(StoreError) -> Int? {
        guard let number = try firstFree else { return nil }
        let item = item(number)
        unsafe bytes.withUnsafeBytes {
            unsafe item.fill($0.baseAddress, $0.count, areFresh: true, kept.sequence, kept.how)
        }
        unsafe item.fields.pointee.deliveries = kept.deliveries
        crashPoint("queue restore: filled in")
        unsafe header.pointee.next_sequence = max(header.pointee.next_sequence, kept.sequence &+ 1)
        crashPoint("queue restore: numbered")
        item.set(kept.isDead ? .dead : .ready, length: bytes.count)
        crashPoint("queue restore: there")
        removeFirstFree(number)
        if kept.isDead {
            unsafe state.pointee.dead &+= 1
        } else if kept.how.due > now {
            try delay(number)
        } else if try isLast(kept.sequence, priority: kept.how.priority) {
            try append(number, priority: kept.how.priority)
        } else {
            try insert(number, priority: kept.how.priority)
        }
        crashPoint("queue restore: in its place")
        return number
    }

    // MARK: Set aside

    /// The oldest of those that were delivered too often. O(capacity).
    func firstDead() -> Int? {
        guard unsafe state.pointee.dead > 0 else { return nil }
        return deadItems.min { item($0).sequence < item($1).sequence }
    }

    /// All of those. O(capacity).
    var deadItems: [Int] { (0..<capacity).filter { item($0).state == .dead } }

    /// Takes one out for good.
    func removeDead(_ number: Int) {
        item(number).set(.free, length: 0)
        crashPoint("queue remove dead: free")
        free(number)
        unsafe state.pointee.dead &-= 1
    }

    /// Has one delivered again, in its place, as if it were new.
    func reviveDead(_ number: Int) throws(StoreError) {
        let item = item(number)
        unsafe item.fields.pointee.deliveries = 0
        unsafe item.fields.pointee.due = 0
        crashPoint("queue revive: as new")
        item.set(.ready, length: item.length)
        crashPoint("queue revive: ready")
        unsafe state.pointee.dead &-= 1
        try insert(number, priority: try priority(of: number))
    }
}

extension QueueItem {
    /// Everything of a new item but its state. Of several, the bytes were written a while ago; one may just have been.
    @inline(__always) @unsafe
    func fill(
        _ bytes: UnsafeRawPointer?, _ count: Int, areFresh: Bool, _ sequence: UInt64, _ how: QueuePut
    ) {
        // No crash point: the callers', who name the change.
        // The state that freed it stays before what is written now; pairs with the acquire fence of who looks without the lock.
        SharedFence.release()
        if let bytes = unsafe bytes {
            if areFresh {
                unsafe PlainCopy.copyFresh(bytes, self.bytes, count)
            } else {
                unsafe PlainCopy.copySettled(bytes, self.bytes, count)
            }
        }
        unsafe fields.pointee.sequence = sequence
        unsafe fields.pointee.due = how.due
        unsafe fields.pointee.put_at = how.now
        unsafe fields.pointee.deliveries = 0
        unsafe fields.pointee.priority = UInt32(truncatingIfNeeded: how.priority)
    }
}

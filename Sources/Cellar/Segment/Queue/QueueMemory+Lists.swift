import CCellar

/// The lists of free and of leased items.
extension QueueMemory {
    // MARK: Free

    @inline(__always)
    var firstFree: Int? {
        get throws(StoreError) {
            let first = unsafe state.pointee.first_free
            if first == 0 { return nil }
            let number = try checked(first - 1)
            guard item(number).isIn(.free) else { throw damaged("has a free item that is not") }
            return number
        }
    }

    @inline(__always)
    func removeFirstFree(_ number: Int) {
        // No crash point: the index is made anew after a death.
        unsafe state.pointee.first_free = links(number)[0]
    }

    @inline(__always)
    func free(_ number: Int) {
        // No crash point: see above.
        unsafe links(number)[0] = state.pointee.first_free
        unsafe state.pointee.first_free = UInt32(truncatingIfNeeded: number + 1)
    }

    // MARK: Leased

    func enlist(_ number: Int) throws(StoreError) {
        // No crash point: see above.
        let first = unsafe state.pointee.first_leased
        unsafe links(number)[0] = first
        unsafe links(number)[1] = 0
        if first != 0 { unsafe links(try checked(first - 1))[1] = UInt32(number + 1) }
        unsafe state.pointee.first_leased = UInt32(number + 1)
        unsafe state.pointee.leased &+= 1
        let end = unsafe item(number).fields.pointee.lease_end
        if end != 0 { unsafe state.pointee.next_lease_end = min(end, state.pointee.next_lease_end) }
    }

    func delist(_ number: Int) throws(StoreError) {
        // No crash point: see above.
        let (next, previous) = unsafe (links(number)[0], links(number)[1])
        if next != 0 { unsafe links(try checked(next - 1))[1] = previous }
        if previous != 0 {
            unsafe links(try checked(previous - 1))[0] = next
        } else {
            unsafe state.pointee.first_leased = next
        }
        unsafe state.pointee.leased &-= 1
    }

    func forEachLeased(_ body: (Int) throws(StoreError) -> Void) throws(StoreError) {
        var next = unsafe state.pointee.first_leased
        var budget = capacity
        while next != 0 {
            let number = try checked(next - 1)
            guard item(number).state == .leased, budget > 0 else {
                throw damaged("has a list of leases that makes no sense")
            }
            budget -= 1
            next = unsafe links(number)[0]
            try body(number)
        }
    }

    // MARK: Taken for good

    /// Who has taken items for good and not marked them done, as the process table tells.
    func dropDeadTakers() {
        // No crash point: see above.
        let processes = ProcessTable(segment: segment)
        var taken: UInt64 = 0
        for slot in 0..<Int(CELLAR_PROCESS_SLOTS) {
            let taker = unsafe taker(slot)
            guard unsafe taker.pointee.count > 0 else { continue }
            if unsafe processes.isAttached(taker.pointee.attachment, slot: slot) {
                taken &+= unsafe taker.pointee.count
            } else {
                unsafe taker.pointee.count = 0
            }
        }
        unsafe state.pointee.taken = taken
    }

    @inline(__always)
    func countTaken(_ count: Int = 1, by holder: QueueHolder) {
        // No crash point: what a dead process took is not counted.
        guard holder.slot >= 0, holder.slot < Int(CELLAR_PROCESS_SLOTS) else { return }
        let taker = unsafe taker(holder.slot)
        if unsafe taker.pointee.attachment != holder.attachment {
            // The slot's former process left without marking its items done: they count as lost with it.
            unsafe state.pointee.taken &-= min(taker.pointee.count, state.pointee.taken)
            unsafe taker.pointee = cellar_queue_taker(attachment: holder.attachment, count: 0)
        }
        unsafe taker.pointee.count &+= UInt64(truncatingIfNeeded: count)
        unsafe state.pointee.taken &+= UInt64(truncatingIfNeeded: count)
    }

    /// Marks one taken item as done: of the holder's own, or else of whoever has some. False if nobody has any.
    func markDone(by holder: QueueHolder) -> Bool {
        // No crash point: one store counts; `taken` is made anew after a death.
        guard unsafe state.pointee.taken > 0 else { return false }
        let own = unsafe holder.slot >= 0 && taker(holder.slot).pointee.attachment == holder.attachment
        var slot: Int? = unsafe own && taker(holder.slot).pointee.count > 0 ? holder.slot : nil
        if slot == nil { slot = (0..<Int(CELLAR_PROCESS_SLOTS)).first { unsafe taker($0).pointee.count > 0 } }
        guard let slot else { return false }
        unsafe taker(slot).pointee.count &-= 1
        unsafe state.pointee.taken &-= 1
        return true
    }
}

/// An attached process, as items name their holder.
struct QueueHolder {
    var slot: Int
    var attachment: UInt64

    init(slot: Int, attachment: UInt64) {
        self.slot = slot
        self.attachment = attachment
    }

    init(word: UInt64) { self.init(slot: Int(word & 0xFFFF), attachment: word >> 16) }

    var word: UInt64 { UInt64(truncatingIfNeeded: slot) & 0xFFFF | attachment << 16 }
}

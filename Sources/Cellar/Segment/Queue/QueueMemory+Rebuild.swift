import CCellar

extension QueueMemory {
    /// Makes the index anew from the items: after the death of who held the lock, or when the queue has come from disk. Wakes
    /// all who sleep. O(items × log items). Can be cut off anywhere, and is then done again.
    func rebuild() throws(StoreError) {
        let isFirst = unsafe state.pointee.built == 0
        let deaths = reference.deaths.acquire()
        clear()
        crashPoint("queue rebuild: cleared")
        var ready: [[(sequence: UInt64, number: Int)]] = Array(repeating: [], count: priorities)
        var last: UInt64 = 0
        for number in stride(from: capacity - 1, through: 0, by: -1) {
            let item = item(number)
            guard let state = item.state, state == .free || item.length <= room else {
                throw damaged("has an item that is none")
            }
            if state == .free {
                free(number)
                continue
            }
            last = max(last, item.sequence)
            // Of a former boot, whoever that was: nobody has it.
            if state == .leased, isFirst { item.set(isWornOut(item) ? .dead : .ready, length: item.length) }
            switch item.state {
            case .leased: try enlist(number)
            case .dead: unsafe self.state.pointee.dead &+= 1
            case .ready where unsafe item.fields.pointee.due != 0: try delay(number)
            default: ready[try priority(of: number)].append((item.sequence, number))
            }
        }
        crashPoint("queue rebuild: items sorted")
        for priority in 0..<priorities {
            for entry in ready[priority].sorted(by: { $0.sequence < $1.sequence }) {
                try append(entry.number, priority: priority)
            }
        }
        unsafe header.pointee.next_sequence = max(header.pointee.next_sequence, last &+ 1)
        dropDeadTakers()
        try takeBackLeases()
        unsafe state.pointee.deaths = deaths
        unsafe state.pointee.built = 1
        // All sleepers look for themselves, and are counted again if they go back to sleep.
        for bell in QueueBell.allCases { self.bell(bell).add(1) }
        crashPoint("queue rebuild: built")
        reference.whole.release(1)
        crashPoint("queue rebuild: whole")
        for bell in QueueBell.allCases { self.bell(bell).wakeAll() }
    }

    private func stride(from start: Int, through end: Int, by step: Int) -> StrideThrough<Int> {
        Swift.stride(from: start, through: end, by: step)
    }

    private func clear() {
        // No crash point: see `rebuild`.
        unsafe state.pointee.waiting_consumers = 0
        unsafe state.pointee.waiting_producers = 0
        unsafe state.pointee.waiting_joiners = 0
        unsafe state.pointee.first_free = 0
        unsafe state.pointee.first_leased = 0
        unsafe state.pointee.ready = 0
        unsafe state.pointee.delayed = 0
        unsafe state.pointee.leased = 0
        unsafe state.pointee.dead = 0
        unsafe state.pointee.levels = 0
        unsafe state.pointee.next_lease_end = .max
        for priority in 0..<priorities { unsafe level(priority).pointee = cellar_queue_level(first: 0, count: 0) }
    }

    /// What those hold who died since somebody last looked comes back.
    func mendAfterDeaths() throws(StoreError) -> [Int] {
        // No crash point: leases have theirs, and the rest is made anew after a death.
        let deaths = reference.deaths.acquire()
        dropDeadTakers()
        let back = try takeBackLeases()
        unsafe state.pointee.deaths = deaths
        return back
    }
}

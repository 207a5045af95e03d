import CCellar

/// Room for changes that must not fail once they are committed.
extension StripeWriter {
    /// An entry that is to be set.
    struct Reservation {
        var hash: UInt64
        /// Bytes of its block.
        var blockSize: Int
        var isNew: Bool
    }

    /// Sees to it that these entries can be set, one after another, and others removed, without any memory from elsewhere, as
    /// long as the stripe's lock is held, by this process or by who takes it over.
    func reserve(_ entries: [Reservation], removals: Int) throws(StoreError) {
        // No crash point: `makeRoom` and `StripeMemory` have them.
        var needed: [Int: Int] = [:]
        repeat {
            needed.removeAll(keepingCapacity: true)
            for entry in entries { needed[try position(of: entry.hash).own, default: 0] += entry.isNew ? 1 : 0 }
        } while try makeRoomOnce(entries, needed)
        let blocks = shape.hasBlocks ? entries.reduce(0) { $0 + StripeMemory.rounded($1.blockSize) } : 0
        // Who removes the last entries of a bucket takes a smaller one.
        try memory.reserve(blocks + removals * shape.bucketSize(Bucket.capacities.last!))
    }

    /// Makes room in the first bucket that lacks it; false if none does.
    private func makeRoomOnce(_ entries: [Reservation], _ needed: [Int: Int]) throws(StoreError) -> Bool {
        // No crash point: `makeRoom` has them.
        for entry in entries {
            let position = try position(of: entry.hash)
            let wanted = needed[position.own] ?? 0
            let free = position.bucket.map { $0.capacity - BucketState($0.state.relaxed()).count } ?? 0
            // One slot always stays free.
            if position.bucket == nil || free < wanted + 1 {
                try makeRoom(position)
                return true
            }
        }
        return false
    }
}

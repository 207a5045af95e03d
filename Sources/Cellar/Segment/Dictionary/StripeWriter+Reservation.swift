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
    /// long as the stripe's lock is held, by this process or by who takes it over. O(entries), and what buckets cost.
    func reserve(_ entries: [Reservation]) throws(StoreError) {
        // No crash point: `makeRoom` and `StripeMemory` have them.
        var groups = try byBucket(entries)
        while let group = groups.popLast() {
            let position = try position(of: group[0].hash)
            let free = position.bucket.map { $0.capacity - BucketState($0.state.relaxed()).count } ?? 0
            // One slot always stays free.
            if position.bucket != nil, free > group.count(where: \.isNew) { continue }
            try makeRoom(position)
            // They may be of two buckets now.
            groups += try byBucket(group)
        }
        if shape.hasBlocks { try memory.reserve(entries.reduce(0) { $0 + StripeMemory.rounded($1.blockSize) }) }
    }

    private func byBucket(_ entries: [Reservation]) throws(StoreError) -> [[Reservation]] {
        var groups: [Int: [Reservation]] = [:]
        for entry in entries { groups[try position(of: entry.hash).own, default: []].append(entry) }
        return Array(groups.values)
    }
}

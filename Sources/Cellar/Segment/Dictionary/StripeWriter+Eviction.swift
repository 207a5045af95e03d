import CCellar

extension StripeWriter {
    /// How many slots the hand looks at before it takes whatever it is at.
    private static let patience = 64

    /// Removes an entry that was not read for long, if the stripe has as many as it may. The hand goes around all slots; it
    /// passes over those that were used since it last came by, once (CLOCK, after Corbató, 1968). An entry that has expired
    /// goes first. Only what is in memory can go.
    ///
    /// `besides`: so many that are to come are not counted yet.
    func evictIfFull(now: UInt64, besides others: UInt64 = 0) throws(StoreError) {
        let limit = stripe.reference.stripeCapacity
        guard limit != 0, stripe.count.relaxed() &+ others >= limit else { return }
        var looked = 0
        var empty = 0
        var (index, slot) = (Int(clamping: stripe.hand.relaxed() / 16), Int(stripe.hand.relaxed() % 16))
        while true {
            let table = try stripe.table()
            index &= table.entryCount - 1
            let position = try position(at: index, in: table)
            guard let bucket = position.bucket, position.own == index, slot < bucket.capacity else {
                (index, slot) = (index + 1, 0)
                empty += 1
                if empty > 2 * table.entryCount { return }
                continue
            }
            let bit: UInt64 = 1 << UInt64(slot)
            if BucketState(bucket.state.relaxed()).word & bit != 0 {
                looked += 1
                let wasUsed = bucket.used.formAnd(~bit) & bit != 0
                if !wasUsed || looked > Self.patience || bucket.slot(slot).isExpired(now) {
                    stripe.hand.setRelaxed(UInt64(index * 16 + slot + 1))
                    crashPoint("evict: hand moved")
                    return try remove(slot, at: position)
                }
            }
            slot += 1
        }
    }

    /// Removes what has expired in the bucket that a hash leads to.
    func removeExpired(_ hash: UInt64, now: UInt64) throws(StoreError) {
        // No crash point: `remove` has them.
        guard shape.expires else { return }
        while true {
            let position = try position(of: hash)
            guard let bucket = position.bucket else { return }
            let state = BucketState(bucket.state.relaxed())
            let expired = (0..<bucket.capacity).first {
                state.occupied & 1 << UInt16($0) != 0 && bucket.slot($0).isExpired(now)
            }
            guard let expired else { return }
            try remove(expired, at: position)
        }
    }
}

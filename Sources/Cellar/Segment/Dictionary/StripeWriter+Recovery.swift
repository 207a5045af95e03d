import CCellar

extension StripeWriter {
    /// Finishes or undoes what the dead holder was at. Can itself be interrupted and run again.
    func recover() throws(StoreError) {
        try memory.useNewestSlab()
        guard let operation = intent.operation else { throw segment.corrupt("a stripe's intent is of no known kind") }
        switch operation {
        case .none: return
        case .put: try recoverPut()
        case .rebuild: try recoverRebuild()
        case .grow: try recoverGrowth()
        }
        intent.end()
    }

    private func recoverPut() throws(StoreError) {
        guard let bucket = try stripe.bucket(at: stripe.bucket.relaxed()) else {
            throw segment.corrupt("a stripe's intent names no bucket")
        }
        let place = stripe.place.relaxed()
        let (new, old) = (Int(place & 0xFF) - 1, Int(place >> 8 & 0xFF) - 1)
        guard max(new, old) >= 0, max(new, old) < bucket.capacity else {
            throw segment.corrupt("a stripe's intent names no slot")
        }
        let occupied = BucketState(bucket.state.relaxed()).occupied
        let isDone = new >= 0 ? occupied & 1 << UInt16(new) != 0 : occupied & 1 << UInt16(old) == 0
        if isDone {
            if old >= 0, shape.hasBlocks { try freeAgain(bucket.slot(old)) }
            try markDirty(bucket)
        } else {
            stripe.countAfter.setRelaxed(stripe.count.relaxed())
            let block = stripe.block.relaxed()
            if block != 0 { try memory.giveBack(block, Int(clamping: stripe.second.relaxed())) }
        }
        crashPoint("recover stripe: put")
    }

    private func freeAgain(_ slot: BucketSlot) throws(StoreError) {
        // No crash point: `StripeMemory` has them.
        let size = shape.blockSize(keyCount: slot.keyCount, valueCount: slot.valueCount)
        guard size >= 0, size <= DictionaryShape.largestBlock, slot.block.relaxed() != 0 else { return }
        try memory.giveBack(slot.block.relaxed(), size)
    }

    /// Which place it is follows from any of its entries; one without entries is compared with the disk when everything is.
    private func markDirty(_ bucket: Bucket) throws(StoreError) {
        // No crash point: see `recoverPut`, of which this is a part.
        let table = try stripe.table()
        for index in 0..<table.entryCount where table.entry(index).relaxed() & Stripe.offsetMask == bucket.offset {
            return table.markDirty(index)
        }
    }

    private func recoverRebuild() throws(StoreError) {
        let place = stripe.place.relaxed()
        let table = try stripe.table()
        let (own, depth) = (Int(place & 0xFFFF_FFFF), Int(place >> 32))
        guard own < table.entryCount, depth <= table.depth else {
            throw segment.corrupt("a stripe's intent names no place")
        }
        let (first, second) = (stripe.block.relaxed(), stripe.second.relaxed())
        let entry = table.entry(own).relaxed()
        let old = try stripe.bucket(at: stripe.bucket.relaxed())
        let isDone = first != 0 ? entry & Stripe.offsetMask == first : entry & Stripe.offsetMask == 0
        if isDone {
            // The directory's entries say nothing of the depth from before any more.
            let position = Position(table: table, own: own, depth: depth, entry: entry, bucket: nil)
            try publish(position, second == 0 ? (first == 0 ? [] : [first]) : [first, second])
            if let old { try memory.giveBack(old) }
        } else {
            for offset in [second, first] where offset != 0 {
                if let bucket = Bucket(at: offset, shape, in: segment) { try memory.giveBack(bucket) }
            }
        }
        crashPoint("recover stripe: rebuild")
    }

    private func recoverGrowth() throws(StoreError) {
        let block = stripe.block.relaxed()
        if block != 0, stripe.directory.relaxed() & Stripe.offsetMask != block {
            try memory.giveBack(block, Int(clamping: stripe.second.relaxed()))
        }
        crashPoint("recover stripe: growth")
    }
}

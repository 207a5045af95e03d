import CCellar

/// Blocks that are out of use but that somebody may still look at.
///
/// A handle, or a lookup under way, may hold the address of a removed cell or an outgrown table. Such a block waits
/// here with the number of the newest attachment of its time, and is used again when all attachments up to that number
/// are gone (and, for a persistent cell, when its deletion is on disk). Everything under the allocation lock.
struct Limbo {
    let segment: Segment

    private static let noCell = UInt64.max
    private var head: SharedWord { segment.word(CELLAR_HEADER_LIMBO) }

    @safe struct Record {
        let offset: UInt64
        let fields: UnsafeMutablePointer<cellar_limbo>
        var next: SharedWord { unsafe SharedWord(UnsafeMutableRawPointer(fields)) }
        var durable: SharedWord { unsafe SharedWord(UnsafeMutableRawPointer(fields) + CELLAR_LIMBO_DURABLE) }
        var block: Block { unsafe Block(offset: fields.pointee.block, size: fields.pointee.block_size) }
        var epoch: UInt64 { unsafe fields.pointee.epoch }
        var cellID: UInt64 { unsafe fields.pointee.cell_id }
    }

    func record(at offset: UInt64) throws(StoreError) -> Record {
        let address = unsafe try segment.require(
            offset, count: MemoryLayout<cellar_limbo>.size, alignment: 16, "a limbo record")
        return unsafe Record(offset: offset, fields: address.assumingMemoryBound(to: cellar_limbo.self))
    }

    /// Makes the record for a block, not yet on the list: the intent `publish` is under way on return.
    func prepare(_ block: Block, cellID: Int?, durable: Bool) throws(StoreError) -> Record {
        let memory = try Allocator(segment: segment).take(MemoryLayout<cellar_limbo>.size) { taken in
            Intent(segment: segment).begin(.publish, block: taken, other: UInt64(CELLAR_HEADER_LIMBO))
        }
        let record = try record(at: memory.offset)
        unsafe record.fields.pointee.block = block.offset
        unsafe record.fields.pointee.block_size =
            (block.size &+ UInt64(SegmentLayout.granule - 1)) & ~UInt64(SegmentLayout.granule - 1)
        unsafe record.fields.pointee.cell_id = cellID.map(UInt64.init) ?? Self.noCell
        unsafe record.fields.pointee.durable = durable ? 1 : 0
        crashPoint("limbo: record filled in")
        return record
    }

    /// Puts the record on the list, if it is not its head already.
    func link(_ record: Record) {
        if head.relaxed() == record.offset { return }
        unsafe record.fields.pointee.epoch = segment.word(CELLAR_HEADER_NEXT_ATTACHMENT).acquire() &- 1
        record.next.setRelaxed(head.relaxed())
        crashPoint("limbo: record linked to the rest")
        head.release(record.offset)
        crashPoint("limbo: record listed")
    }

    /// Puts a block that nothing refers to any more into limbo.
    func retire(_ block: Block) throws(StoreError) {
        let record = try prepare(block, cellID: nil, durable: true)
        link(record)
        Intent(segment: segment).end()
    }

    /// Says that the deletion of these cells is on disk, and that no name leads to them any more: until now whoever
    /// attached could come to know them.
    func settle(cells: Set<UInt64>) throws(StoreError) {
        let newest = segment.word(CELLAR_HEADER_NEXT_ATTACHMENT).acquire() &- 1
        try forEach { record, _ throws(StoreError) in
            if cells.contains(record.block.offset), record.durable.acquire() == 0 {
                unsafe record.fields.pointee.epoch = newest
                crashPoint("settle removals: dated")
                record.durable.release(1)
                crashPoint("settle removals: durable")
            }
            return true
        }
    }

    /// Frees what nobody can look at any more, if an attachment has gone since this was last done: as long as the same
    /// ones are there, going through the list again would find nothing new, and cost more with every removal.
    ///
    /// `isLookedAt` tells whether a read-only process is there that attached when the numbered attachment, or an older
    /// one, was the newest: the process table does not know of those.
    func reclaimIfWorthwhile(isLookedAt: (UInt64) -> Bool) throws(StoreError) {
        let oldest = ProcessTable(segment: segment).oldestAttachment()
        let reclaimed = segment.word(CELLAR_HEADER_RECLAIMED)
        guard oldest > reclaimed.relaxed() else { return }
        if try reclaim(oldest, isLookedAt) {
            reclaimed.setRelaxed(oldest)
            crashPoint("reclaim: all done")
        }
    }

    /// Frees what nobody can look at any more. O(blocks in limbo). Returns whether only attachments of this time keep the rest.
    private func reclaim(_ oldestAttachment: UInt64, _ isLookedAt: (UInt64) -> Bool) throws(StoreError) -> Bool {
        var isDone = true
        try forEach { record, link throws(StoreError) in
            guard record.epoch < oldestAttachment else { return true }
            // Who came after the removal holds a higher byte, or the same if no writer came between.
            guard record.durable.acquire() == 1, !isLookedAt(record.epoch &+ 1) else {
                isDone = false
                return true
            }
            let own = Block(offset: record.offset, size: UInt64(MemoryLayout<cellar_limbo>.size))
            let intent = Intent(segment: segment)
            let id = record.cellID
            intent.begin(.reclaim, block: record.block, other: id)
            intent.advance(to: .reclaim, second: own)
            crashPoint("reclaim: declared")
            link.release(record.next.relaxed())
            crashPoint("reclaim: record unlinked")
            try finishReclaim(record.block, own, id)
            intent.end()
            return false
        }
        return isDone
    }

    /// The rest of a reclaim: also run by a successor.
    func finishReclaim(_ block: Block, _ own: Block, _ id: UInt64) throws(StoreError) {
        let allocator = Allocator(segment: segment)
        if id != Self.noCell {
            try CellTable(segment: segment).vacate(Int(clamping: id), cell: block.offset)
            // A renamed cell's name, and an array's update buffer, lie by themselves. Freed memory keeps all but its
            // first words for as long as the lock is held, so a successor finds them too.
            let cell = try CellHeader(segment: segment, at: block.offset)
            for part in cell.partsElsewhere { try allocator.giveBack(part) }
            crashPoint("reclaim: parts freed")
        }
        try allocator.giveBack(block)
        crashPoint("reclaim: block freed")
        try allocator.giveBack(own)
    }

    /// Takes a record off the list wherever it is.
    func unlink(_ offset: UInt64) throws(StoreError) {
        try forEach { record, link throws(StoreError) in
            guard record.offset == offset else { return true }
            link.release(record.next.relaxed())
            crashPoint("recover: record unlinked")
            return false
        }
    }

    /// Visits every record with the word that links to it; the body returns false if it took the record off.
    private func forEach(
        _ body: (Record, SharedWord) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var link = head
        // A list that is longer than the segment has room for runs in a circle.
        var budget = try segment.object.size() / MemoryLayout<cellar_limbo>.size
        while link.relaxed() != 0 {
            guard budget > 0 else { throw segment.corrupt("its limbo list runs in a circle") }
            budget -= 1
            let record = try record(at: link.relaxed())
            if try body(record, link) { link = record.next }
        }
    }
}

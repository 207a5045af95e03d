import CCellar

/// The end of a transaction. All under the transactions' lock.
///
/// Steps in memory: 1. the locks; 2. what was read is looked at once more; 3. memory for all that is to be changed; 4. the
/// pieces are listed for the disk; 5. the record; 6. odd sequence; 7. it is committed; 8. the changes; 9. no record; 10. even
/// sequence; 11. the locks. Killed before 7 the transaction never was; from then on whoever comes by makes the changes.
///
/// On disk as well, 4 is to write the pieces to the database's transaction, and 7 is that one's commit: until it is known
/// whether that succeeded, the record counts if the database says so.
extension TransactionCore {
    private var segment: Segment? { area?.segment }

    /// A single change is made in one step anyway, and needs no record.
    private var needsRecord: Bool { writes.all.count > 1 || raw != nil }

    // MARK: Before the commit

    /// Steps 1 to 5; what fails leaves nothing behind, once `abandon` is called.
    func prepare(until deadline: @autoclosure () -> Int64) throws(StoreError) {
        // No crash point: `RedoRecord` and `TouchedPieces` have them.
        if writes.needsLocks { try locks.take(for: writes, attachment, until: deadline) }
        guard try reads.isCurrent() else { throw begin(again: .changed) }
        if writes.isEmpty { return }
        for cell in locks.cells where cell.isArray { try prepare(array: cell) }
        for held in locks.stripes { try prepare(held) }
        guard needsRecord, let area else { return }
        if raw == nil { try list(in: area, until: deadline()) }
        let record = RedoRecord(area: area)
        try record.reserve(writes.byteCount, as: attachment.slot, until: deadline())
        unsafe try record.write(writes.bytes)
    }

    private func prepare(array cell: CellReference) throws(StoreError) {
        // No crash point: `replaceUpdateBuffer` has them.
        let recovery = ArrayRecovery(reference: cell, segment: segment)
        if recovery.tornBytes != nil {
            throw StoreError(
                .ownerDied,
                "a process died in the middle of a bulk write to \(attachment.describe(cell)): lock it with a repair first"
            )
        }
        if SharedElement.isAtomic(stride: cell.stride) { return }
        _ = unsafe try attachment.updateBuffer(for: cell, holding: cell.size, recovery)
    }

    private func prepare(_ held: TargetLocks.Held) throws(StoreError) {
        // No crash point: `StripeWriter` has them.
        do throws(StoreError) {
            let core = writes.dictionaries[held.dictionary].core
            let writer = StripeWriter(stripe: held.stripe, patience: attachment.options.lockTimeout)
            var newCount: UInt64 = 0
            for write in writes.all where held.has(write) {
                try core.load(write.place, writer, held.stripe.reference)
                try writer.removeExpired(write.place, now: core.now)
                let item = writes.item(write)
                guard item.kind == .entry, try isNew(item, writer) else { continue }
                try writer.evictIfFull(now: core.now, besides: newCount)
                newCount += 1
            }
            var entries: [StripeWriter.Reservation] = []
            for write in writes.all where held.has(write) {
                let item = writes.item(write)
                guard item.kind == .entry else { continue }
                let size = held.stripe.shape.blockSize(keyCount: item.keyCount, valueCount: item.valueCount)
                entries.append(.init(hash: write.place, blockSize: size, isNew: try isNew(item, writer)))
            }
            try writer.reserve(entries)
        } catch {
            try StripeLock(stripe: held.stripe).undo()
            throw error
        }
    }

    private func isNew(_ item: RedoItem, _ writer: StripeWriter) throws(StoreError) -> Bool {
        guard let bucket = try writer.position(of: item.place).bucket else { return true }
        return unsafe writer.find(item.key, item.place, in: bucket) == nil
    }

    /// Lists what will be changed, so that the disk gets all of it at once. Where the lists are full, the disk is to get it
    /// now, and everything that is listed with it.
    private func list(in area: TransactionArea, until deadline: @autoclosure () -> Int64) throws(StoreError) {
        // No crash point: `TouchedPieces` has them.
        let touched = TouchedPieces(area: area)
        guard touched.hasRoom(for: writes.all.count) else { throw begin(again: .needsDatabase) }
        try touched.reserve(as: attachment.slot, until: deadline())
        guard try touched.insert(writes.all.count, into: 0, { piece(writes.all[$0]) }) else {
            throw begin(again: .needsDatabase)
        }
        touched.publish()
    }

    private func piece(_ write: PendingWrites.Write) -> TouchedPiece? {
        let cell = writes.word(write)
        return cell.isVolatile ? nil : TouchedPiece(id: cell.id, place: write.place)
    }

    // MARK: The commit

    /// Steps 6 to 11, where memory is all there is.
    func commit() throws(StoreError) {
        // No crash point: `TransactionArea` has them.
        guard !writes.isEmpty, let area else { return releaseLocks() }
        area.beginChanges()
        if needsRecord { area.commit() }
        try makeChanges(area)
    }

    /// Step 6, and that the database decides. What it says afterwards is `commitOnDisk` or `abandon`.
    func offer(as name: UInt64) {
        // No crash point: `TransactionArea` has them.
        guard !writes.isEmpty, let area else { return }
        area.beginChanges()
        area.commitOnDisk(as: name)
    }

    /// Steps 7 to 11, where the database has it.
    func commitOnDisk() throws(StoreError) {
        // No crash point: `TransactionArea` and `TouchedPieces` have them.
        defer { releaseLocks() }
        guard !writes.isEmpty, let area else { return }
        area.commit()
        // Everything that was listed is on disk with it.
        try TouchedPieces(area: area).clearAll()
        try makeChanges(area)
    }

    /// Nothing of it will be, unless it is committed: then all of it will.
    func abandon() {
        // No crash point: `TransactionArea` has them.
        if let area, area.isUnfinished, area.state != .committed {
            area.forget()
            area.endChanges()
        }
        releaseLocks()
    }

    func releaseLocks() {
        // No crash point: see `TargetLocks`.
        if !locks.isEmpty { locks.release(writes.dictionaries) }
    }

    // MARK: The changes

    /// Where that fails, which only damaged memory can make it, the record stays for whoever comes next.
    private func makeChanges(_ area: TransactionArea) throws(StoreError) {
        defer { releaseLocks() }
        for write in writes.all { try make(write) }
        crashPoint("commit: changed")
        if needsRecord { area.forget() }
        area.endChanges()
        for held in locks.stripes { shrink(held) }
        if attachment.writePolicy == Attachment.plain { MemoryBarrier.compilerOnly() } else { MemoryBarrier.full() }
        for write in writes.all { note(write) }
        crashPoint("commit: noted")
    }

    private func make(_ write: PendingWrites.Write) throws(StoreError) {
        // No crash point: each way has its own.
        let item = writes.item(write)
        if item.kind == .superseded { return }
        if write.kind == .word {
            // Pairs with the acquire load of whoever reads the value.
            return writes.word(write).word.release(item.valueWord)
        }
        if write.kind == .entry {
            let reference = writes.dictionaries[write.target].reference
            return try RedoApplication.change(item, entryIn: reference.stripe(of: write.place))
        }
        let cell = writes.cells[write.target]
        if cell.isArray {
            guard let segment, RedoApplication.change(item, element: cell, in: segment) else {
                throw attachment.bufferDamaged(cell)
            }
        } else {
            unsafe CellWriter(reference: cell).write(UnsafeRawPointer(item.value.baseAddress!), size: cell.size)
        }
    }

    /// What could not be done before, since it may need memory: buckets that are far too large give theirs back.
    private func shrink(_ held: TargetLocks.Held) {
        // No crash point: `StripeWriter` has them.
        let writer = StripeWriter(stripe: held.stripe)
        for write in writes.all where held.has(write) && writes.item(write).kind == .removedEntry {
            do throws(StoreError) {
                let position = try writer.position(of: write.place)
                if let bucket = position.bucket { try writer.shrink(position, bucket) }
            } catch {
                // It stays as it is, which costs memory and nothing else. What was begun is undone, or left for the next.
                try? StripeLock(stripe: held.stripe).undo()
                return
            }
        }
    }

    private func note(_ write: PendingWrites.Write) {
        // No crash point: `DirtyMark` has them. Dictionaries are noted when their locks are given back.
        if write.kind == .entry { return }
        if write.kind == .cell, writes.cells[write.target].isArray {
            let cell = writes.cells[write.target]
            let start = Int(write.place) * cell.stride
            return attachment.noteChange(start..<start + cell.size, of: cell)
        }
        let cell = writes.word(write)
        if !cell.mark.isQuiet { attachment.noteChange(cell.mark, cell: cell.id) }
    }
}

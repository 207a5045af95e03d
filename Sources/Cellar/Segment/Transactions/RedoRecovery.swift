import CCellar

/// Finishes what a dead process committed and did not come to change.
struct RedoRecovery {
    let area: TransactionArea
    /// The process that does it, for messages.
    let slot: Int
    private var segment: Segment { area.segment }

    init(_ area: TransactionArea) { self.init(area: area, slot: -1) }

    init(area: TransactionArea, slot: Int) {
        self.area = area
        self.slot = slot
    }

    /// How long to wait for one cell's lock: who has it takes it over from the dead, and is at the same.
    private static let patience: Duration = .seconds(1)

    // MARK: The whole

    /// Under the transactions' lock. Can itself be interrupted and run again.
    func finish() throws(StoreError) {
        try resolve()
        if area.state == .committed {
            try RedoRecord(area: area).forEach { (item, _) throws(StoreError) in try complete(item) }
            area.forget()
        }
        if area.sequence.relaxed() & 1 != 0 { area.endChanges() }
        crashPoint("recover transaction: done")
    }

    /// Where only the database knows whether the transaction committed, it is asked.
    private func resolve() throws(StoreError) {
        guard let state = area.state else { throw segment.corrupt("the state of its transactions is of no known kind") }
        guard state == .onDisk else { return }
        let isThere = try databaseNames(area.identity.relaxed())
        // Under the transactions' lock: nobody else changes it.
        area.stateWord.release((isThere ? TransactionArea.State.committed : .none).rawValue)
        crashPoint("recover transaction: resolved")
    }

    private func databaseNames(_ name: UInt64) throws(StoreError) -> Bool {
        guard let asks = segment.databaseNames.withLock({ $0 }) else {
            throw StoreError(.ownerDied, "a process died in a transaction, and the database is not open to ask")
        }
        return try asks(name)
    }

    /// Makes one change, unless it was made. A cell that is not there any more needs none.
    private func complete(_ item: RedoItem) throws(StoreError) {
        guard item.kind != .superseded, item.applied.acquire() == 0, let cell = try cell(of: item) else { return }
        if cell.kind == .dictionary {
            let stripe = try DictionaryReference(cell).stripe(of: item.place)
            let lock = StripeLock(stripe: stripe)
            guard try lock.acquire(until: MonotonicClock.deadline(after: Self.patience), as: slot) else {
                throw stayedLocked
            }
            defer { lock.release() }
            if item.applied.acquire() == 0 { try RedoApplication.apply(item, in: stripe) }
            // Before anybody else has the lock: what it does then is not to be overwritten.
            item.applied.release(1)
            crashPoint("recover transaction: entry applied")
        } else {
            let reference = try CellReference(ofTypeOf: cell)
            if cell.kind == .value, reference.size <= 8 {
                try RedoApplication.apply(item, to: reference, in: segment)
                item.applied.release(1)
                crashPoint("recover transaction: word applied")
            } else {
                let lock = CellLock(reference: reference, segment: segment)
                guard lock.acquire(for: Self.patience, as: slot) else { throw stayedLocked }
                defer { lock.release() }
                if item.applied.acquire() == 0 { try RedoApplication.apply(item, to: reference, in: segment) }
                item.applied.release(1)
                crashPoint("recover transaction: applied")
            }
        }
    }

    private func cell(of item: RedoItem) throws(StoreError) -> CellHeader? {
        let cell = try CellHeader(segment: segment, at: item.cell)
        return cell.uid == item.uid && cell.state == .live ? cell : nil
    }

    private var stayedLocked: StoreError {
        StoreError(.timedOut, "what a transaction of a dead process is to change stayed locked")
    }

    // MARK: One lock

    /// Makes the changes of an array, or of a value of more than 8 bytes, whose lock was a dead process's and is the caller's.
    ///
    /// Whoever committed a change to it held that lock. So if it has changes on record, they stay there until the caller
    /// gives the lock up: only then can the whole be finished.
    func applyPending(to reference: CellReference, in segment: Segment) throws(StoreError) {
        guard reference.isArray || reference.size > 8 else { return }
        let cell = unsafe segment.offset(of: reference.address)
        for item in try pending(cell, { _ in true }) {
            try RedoApplication.apply(item.copy, to: reference, in: segment)
            item.applied.release(1)
            crashPoint("recover transaction: cell applied")
        }
    }

    /// The same for a stripe of a dictionary.
    func applyPending(to stripe: Stripe) throws(StoreError) {
        let index = Int(stripe.index)
        for item in try pending(stripe.reference.cell.offset, { DictionaryShape.stripe(of: $0.place) == index }) {
            try RedoApplication.apply(item.copy, in: stripe)
            item.applied.release(1)
            crashPoint("recover transaction: stripe applied")
        }
    }

    /// A change on record, copied so that nobody changes it meanwhile.
    private struct PendingItem {
        let bytes: RedoBytes
        let applied: SharedFutex
        var copy: RedoItem { bytes.item }
    }

    private func pending(_ cell: UInt64, _ isWanted: (RedoItem) -> Bool) throws(StoreError) -> [PendingItem] {
        // The number first: a record that is complete at the look at the state is that one's, or the number has changed by
        // the second look at it.
        let number = area.number.acquire()
        let state = area.state
        guard state == .onDisk || state == .committed else { return [] }
        let name = area.identity.relaxed()
        var found: [PendingItem] = []
        var damage: StoreError?
        do throws(StoreError) {
            try RedoRecord(area: area).forEach { (item, size) throws(StoreError) in
                guard item.cell == cell, item.kind != .superseded, isWanted(item), item.applied.acquire() == 0 else {
                    return
                }
                found.append(PendingItem(bytes: RedoBytes(copying: item, size: size), applied: item.applied))
            }
        } catch { damage = error }
        // The copying loads stay before the next load; pairs with the release fence in `RedoRecord.write`.
        SharedFence.acquire()
        guard area.number.relaxed() == number else { return [] }
        if let damage { throw damage }
        if found.isEmpty { return [] }
        // Its transaction had the lock that is the caller's now, so it is of a dead process, and the database's answer is
        // final. If it is that the transaction committed, the record stays until the caller gives the lock up; if not,
        // others may be at their own meanwhile, so what the state says now is of no account.
        if state == .onDisk, try !databaseNames(name) { return [] }
        SharedFence.acquire()
        return area.number.relaxed() == number ? found : []
    }
}

/// A copy of an item in private memory.
@safe
final class RedoBytes {
    private let memory: UnsafeMutableRawBufferPointer
    var item: RedoItem { unsafe RedoItem(at: memory.baseAddress!) }

    init(copying item: RedoItem, size: Int) {
        unsafe memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        unsafe SharedBytes.copyOutAligned(item.address, memory.baseAddress!, count: memory.count)
    }

    deinit { unsafe memory.deallocate() }
}

/// The locks of what a transaction is to change, from before its commit until after its changes.
///
/// Only who has the transactions' lock takes several, so there is no order among them. A value of up to 8 bytes has none:
/// to change it is one store, whoever else does.
struct TargetLocks: ~Copyable {
    private(set) var cells: [CellReference] = []
    private(set) var stripes: [Held] = []
    /// Addresses of both, where there are many.
    private var known: Set<UInt> = []
    private static let few = 16
    /// The kernel gives back 2,048 locks of a dead thread, the newest first: so many leave room for those that were taken before.
    private static let most = 1_900

    /// A stripe's lock, which of the changed dictionaries it is of.
    struct Held {
        let stripe: Stripe
        /// Which of the dictionary's.
        let index: Int
        let dictionary: Int
        var address: UInt { unsafe UInt(bitPattern: stripe.address) }

        /// Whether a change is one of its entries'.
        func has(_ write: PendingWrites.Write) -> Bool {
            write.kind == .entry && write.target == dictionary && DictionaryShape.stripe(of: write.place) == index
        }
    }

    var isEmpty: Bool { cells.isEmpty && stripes.isEmpty }

    /// Takes them, waiting until the deadline at most. Throws with those that were taken still held.
    mutating func take(
        for writes: borrowing PendingWrites, _ attachment: Attachment, until deadline: () -> Int64
    ) throws(StoreError) {
        // No crash point: `StripeLock` has one, and for cells a word for messages.
        for write in writes.all where write.kind != .word && writes.item(write).kind != .superseded {
            if write.kind == .cell {
                try take(writes.cells[write.target], write.address, attachment, until: deadline)
            } else {
                try take(write, writes.dictionaries[write.target], until: deadline)
            }
        }
    }

    private mutating func take(
        _ cell: CellReference, _ address: UInt, _ attachment: Attachment, until deadline: () -> Int64
    ) throws(StoreError) {
        // No crash point: a word for messages.
        if isKnown(address) { return }
        try checkRoom()
        let outcome = try attachment.tryLock(cell.lock)
        if case .locked = outcome {
        } else {
            let patience = Duration.nanoseconds(max(deadline() - MonotonicClock.now(), 0))
            try attachment.lockSlowly(cell, after: outcome, timeout: patience)
        }
        cells.append(cell)
        cell.holder.setRelaxed(LockHolder.briefly(slot: attachment.slot))
        if cell.isRemoved { throw attachment.removedError }
    }

    private mutating func take(
        _ write: PendingWrites.Write, _ changed: PendingWrites.ChangedDictionary, until deadline: () -> Int64
    ) throws(StoreError) {
        // No crash point: `StripeLock` has one.
        let stripe = changed.reference.stripe(of: write.place)
        let held = Held(stripe: stripe, index: DictionaryShape.stripe(of: write.place), dictionary: write.target)
        if isKnown(held.address) { return }
        try checkRoom()
        try changed.core.acquire(stripe, until: deadline())
        stripes.append(held)
        if changed.reference.cell.state == .removed { throw changed.core.attachment.removedError }
    }

    private func checkRoom() throws(StoreError) {
        if cells.count + stripes.count < Self.most { return }
        throw StoreError(
            .limitReached,
            "a transaction changes more than \(Self.most) arrays, values of more than 8 bytes and parts of dictionaries: "
                + "make several of it, or put such values in one array")
    }

    private mutating func isKnown(_ address: UInt) -> Bool {
        if cells.count + stripes.count <= Self.few {
            return stripes.contains { $0.address == address }
                || cells.contains { unsafe UInt(bitPattern: $0.address) == address }
        }
        if known.isEmpty {
            known = Set(stripes.map(\.address))
            for cell in cells { known.insert(unsafe UInt(bitPattern: cell.address)) }
        }
        return !known.insert(address).inserted
    }

    /// Gives them back. Of dictionaries, also what was done in preparation is told to the checkpoint.
    mutating func release(_ dictionaries: [PendingWrites.ChangedDictionary]) {
        // No crash point: words for messages.
        for held in stripes {
            StripeLock(stripe: held.stripe).release()
            dictionaries[held.dictionary].core.noteChange(held.stripe.reference)
        }
        for cell in cells {
            cell.holder.setRelaxed(0)
            cell.lock.unlock()
        }
        stripes.removeAll(keepingCapacity: true)
        cells.removeAll(keepingCapacity: true)
        if !known.isEmpty { known = [] }
    }
}

/// The locks of what a transaction is to change, from before its commit until after its changes.
///
/// Only who has the transactions' lock takes several, so there is no order among them. A value of up to 8 bytes has none:
/// to change it is one store, whoever else does.
struct TargetLocks: ~Copyable {
    private(set) var cells: [CellReference] = []
    private(set) var stripes: [Held] = []
    private var known: Set<UInt> = []

    /// A stripe's lock, and what is to be set and removed in it.
    struct Held {
        let stripe: Stripe
        let core: DictionaryCore
        var writes: [PendingWrites.Write] = []
    }

    /// Takes them, waiting for each as long as the store's `lockTimeout`. Throws with those that were taken still held.
    mutating func take(for writes: borrowing PendingWrites, _ attachment: Attachment) throws(StoreError) {
        // No crash point: `StripeLock` has one, and for cells a word for messages.
        for write in writes.all where write.kind != .word && writes.item(write).kind != .superseded {
            if write.kind == .cell {
                let cell = writes.cells[write.target]
                guard known.insert(write.address).inserted else { continue }
                try attachment.lock(cell, timeout: nil)
                cells.append(cell)
                cell.holder.setRelaxed(LockHolder.briefly(slot: attachment.slot))
                if cell.isRemoved { throw attachment.removedError }
            } else {
                let dictionary = writes.dictionaries[write.target]
                try take(write, dictionary.core, dictionary.reference.stripe(of: write.place))
            }
        }
    }

    private mutating func take(_ write: PendingWrites.Write, _ core: DictionaryCore, _ stripe: Stripe)
        throws(StoreError)
    {
        // No crash point: `StripeLock` has one.
        let address = unsafe UInt(bitPattern: stripe.address)
        if known.insert(address).inserted {
            try core.acquire(stripe)
            stripes.append(Held(stripe: stripe, core: core))
            if stripe.reference.cell.state == .removed { throw core.attachment.removedError }
        }
        let index = stripes.firstIndex { unsafe UInt(bitPattern: $0.stripe.address) == address }
        if let index { stripes[index].writes.append(write) }
    }

    /// Gives them back. Of dictionaries, also what was done in preparation is told to the checkpoint.
    mutating func release() {
        // No crash point: words for messages.
        if known.isEmpty { return }
        for held in stripes {
            StripeLock(stripe: held.stripe).release()
            held.core.noteChange(held.stripe.reference)
        }
        for cell in cells {
            cell.holder.setRelaxed(0)
            cell.lock.unlock()
        }
        self = TargetLocks()
    }
}

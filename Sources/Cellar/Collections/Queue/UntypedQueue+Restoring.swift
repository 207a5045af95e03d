extension UntypedQueue {
    /// Puts items back as they were once read by `items`, each with its sequence, deliveries and times, of which the element is
    /// given as for `put`: ready or delayed, what was leased too, or set aside. `info.bytes` is not looked at.
    ///
    /// All under one lock; checks all before the first is put back. Throws `.invalidValue` for what is no element, too long, or
    /// of a priority that the queue does not have, and for a sequence that an item has already; `.limitReached` where there is
    /// no room for all; `.readOnly`, `.removed`, `.timedOut`. A queue that is closed takes them. Does not wait for room.
    /// O(`items.count`) where they are in the order of their delivery, and O(capacity).
    public func restore(_ items: [(info: QueueItemInfo, element: String)]) throws(StoreError) {
        let core = try core
        var found: [QueueItemInfo] = []
        for item in items {
            var info = item.info
            info.bytes = try bytes(parsing: item.element)
            found.append(info)
        }
        try core.restore(found)
    }

    /// The sequence of the item that is put next. Takes no lock; O(1) in memory, O(capacity) from disk.
    public var nextSequence: UInt64 {
        switch source {
        case .memory(let core): core.putCount + 1
        case .disk(let image): image.nextSequence
        }
    }

    /// Items that are put from now on get sequences from this number on, or from a higher one, where that is what comes next:
    /// no sequence is given twice. Throws `.invalidValue` for the highest number, `.readOnly`, `.removed`, `.timedOut`. Blocks
    /// as `put` where there is room.
    public func restore(nextSequence: UInt64) throws(StoreError) { try core.restore(nextSequence: nextSequence) }

    // MARK: Closing, and what was set aside

    /// From now on nothing can be put. See `SharedQueue.close`.
    public func close() throws(StoreError) { try core.close() }

    /// Undoes `close`.
    public func reopen() throws(StoreError) { try core.reopen() }

    /// Has all that was set aside delivered again. Returns how many. See `DeadLetters.retry`.
    @discardableResult
    public func retryDead() throws(StoreError) -> Int { try core.reviveDead() }

    /// Takes all that was set aside out for good. Returns how many. O(capacity).
    @discardableResult
    public func removeDead() throws(StoreError) -> Int { try core.removeDead() }
}

import CCellar

/// The changes of the transaction that commits, in the segment.
///
/// Written under the transactions' lock while the state is `none`. Read by whoever finishes what a dead process committed.
struct RedoRecord {
    let area: TransactionArea
    private var segment: Segment { area.segment }

    /// The least block for records.
    private static let leastCapacity = 16 << 10
    /// The most bytes that the changes of one transaction in memory can take.
    static let mostCapacity = 64 << 20

    /// Sees to it that a record of so many bytes fits. Under the transactions' lock.
    func reserve(_ count: Int, as slot: Int, until deadline: @autoclosure () -> Int64) throws(StoreError) {
        if count <= Int(clamping: area.recordCapacity.relaxed()) { return }
        guard count <= Self.mostCapacity else {
            throw StoreError(
                .limitReached,
                "a transaction changes \(count) bytes of cells and dictionaries: \(Self.mostCapacity) is the most")
        }
        let size = 1 << (64 - (max(count, Self.leastCapacity) - 1).leadingZeroBitCount)
        let catalog = Catalog(segment: segment)
        try catalog.locked(as: slot, until: deadline()) { () throws(StoreError) in
            try catalog.replaceBlock(
                at: CELLAR_HEADER_TRANSACTIONS + CELLAR_TRANSACTIONS_RECORD,
                capacity: CELLAR_HEADER_TRANSACTIONS + CELLAR_TRANSACTIONS_RECORD_CAPACITY, size: size)
        }
    }

    /// Writes the record, which counts once it is committed.
    @unsafe
    func write(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
        // After the state of the transaction before; pairs with the acquire load in `RedoRecovery.pending`.
        area.number.release(area.number.relaxed() &+ 1)
        crashPoint("commit: numbered")
        // The number stays before the record's bytes; pairs with the acquire fence in `RedoRecovery.pending`.
        SharedFence.release()
        let target = unsafe try segment.require(area.record.relaxed(), count: bytes.count, "a transaction's record")
        unsafe SharedBytes.copyInAligned(bytes.baseAddress!, target, count: bytes.count)
        area.recordLength.setRelaxed(UInt64(bytes.count))
        crashPoint("commit: recorded")
    }

    /// Calls `body` with each item and its size, which was checked, in order. Throws `.corruptSegment` where the record makes no sense.
    func forEach(_ body: (RedoItem, _ size: Int) throws(StoreError) -> Void) throws(StoreError) {
        let length = Int(clamping: area.recordLength.relaxed())
        guard length <= Int(clamping: area.recordCapacity.relaxed()) else { throw damaged }
        let start = unsafe try segment.require(area.record.relaxed(), count: length, "a transaction's record")
        var offset = 0
        while offset < length {
            guard let item = unsafe RedoItem(at: start + offset, left: length - offset) else { throw damaged }
            // Once: others may write here meanwhile.
            let size = item.size
            guard size <= length - offset else { throw damaged }
            try body(item, size)
            offset += size
        }
    }

    private var damaged: StoreError { segment.corrupt("the record of a transaction makes no sense") }
}

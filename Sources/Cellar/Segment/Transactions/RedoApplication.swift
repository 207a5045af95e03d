import CCellar

/// Makes one change of a transaction that committed. Each can be made twice.
enum RedoApplication {
    /// Of a value or an array. Under its lock, but for a value of up to 8 bytes.
    static func apply(_ item: RedoItem, to reference: CellReference, in segment: Segment) throws(StoreError) {
        guard item.valueCount == reference.size else { throw wrong(segment) }
        if reference.isArray {
            try applyElement(item, reference, segment)
        } else if reference.size <= 8 {
            // Pairs with the acquire load of whoever reads the value.
            reference.word.release(item.valueWord)
            crashPoint("commit: word changed")
            reference.mark.touch { _ = CellTable(segment: segment).markDirty(reference.id) }
        } else {
            unsafe CellWriter(reference: reference).write(item.value.baseAddress!, size: reference.size)
            reference.mark.touch { _ = CellTable(segment: segment).markDirty(reference.id) }
        }
    }

    private static func applyElement(_ item: RedoItem, _ reference: CellReference, _ segment: Segment)
        throws(StoreError)
    {
        guard item.place < UInt64(reference.count), change(item, element: reference, in: segment) else {
            throw wrong(segment)
        }
        let start = Int(item.place) * reference.stride
        ArrayRecovery(reference: reference, segment: segment).markDirty(start..<start + reference.size)
    }

    /// Of an element, in bounds, under the array's lock; false if there is no buffer for it.
    static func change(_ item: RedoItem, element reference: CellReference, in segment: Segment) -> Bool {
        let recovery = ArrayRecovery(reference: reference, segment: segment)
        let start = Int(item.place) * reference.stride
        if SharedElement.isAtomic(stride: reference.stride) {
            recovery.finishUpdate()
            unsafe SharedElement(reference.payload + start, stride: reference.stride).store(item.valueWord)
            crashPoint("commit: element changed")
            return true
        }
        guard let buffer = unsafe recovery.buffer(holding: reference.size) else { return false }
        // The last update's even number stays before what is put into the buffer now; pairs with the acquire fence of who
        // read the buffer while the number was odd.
        SharedFence.release()
        unsafe SharedBytes.copyIn(UnsafeRawPointer(item.value.baseAddress!), buffer, count: reference.size)
        crashPoint("commit: buffer filled")
        recovery.commitUpdate(of: start..<start + reference.size)
        return true
    }

    /// Of an entry, under the stripe's lock.
    static func apply(_ item: RedoItem, in stripe: Stripe) throws(StoreError) {
        try change(item, entryIn: stripe)
        let cell = stripe.reference.cell
        stripe.reference.mark.touch { _ = CellTable(segment: stripe.segment).markDirty(cell.id) }
    }

    static func change(_ item: RedoItem, entryIn stripe: Stripe) throws(StoreError) {
        // No crash point: `StripeWriter` has them.
        let shape = stripe.shape
        guard shape.keySize == nil || shape.keySize == item.keyCount else { throw wrong(stripe.segment) }
        // All memory that it needs was reserved; where that is not so after all, it is worth a wait.
        let writer = StripeWriter(stripe: stripe, patience: .seconds(1))
        let hash = unsafe stripe.reference.hash(item.key)
        guard hash == item.place else { throw wrong(stripe.segment) }
        let position = try writer.position(of: hash)
        let index = position.bucket.flatMap { bucket in unsafe writer.find(item.key, hash, in: bucket) }
        if item.kind == .removedEntry {
            if let index { try writer.remove(index, at: position, shrinks: false) }
            return
        }
        guard shape.valueSize == nil || shape.valueSize == item.valueCount else { throw wrong(stripe.segment) }
        // Made already, by who died then: doing it again would need memory again.
        if let index, let slot = position.bucket?.slot(index), try isThere(item, slot, writer) { return }
        unsafe try writer.put(item.key, hash, UnsafeRawBufferPointer(item.value), expiry: item.expiry)
    }

    private static func isThere(_ item: RedoItem, _ slot: BucketSlot, _ writer: StripeWriter) throws(StoreError) -> Bool
    {
        if writer.shape.expires, slot.expiry.relaxed() != item.expiry { return false }
        return unsafe try writer.reader.valueBytes(of: slot).elementsEqual(item.value)
    }

    private static func wrong(_ segment: Segment) -> StoreError {
        segment.corrupt("the record of a transaction does not fit what it is to change")
    }
}

extension CellReference {
    /// The parts of a value or an array whose type is read from the segment.
    init(ofTypeOf cell: CellHeader) throws(StoreError) {
        let type = try SchemaTable(segment: cell.segment).record(at: cell.schema).layout(in: cell.segment)
        try self.init(cell, size: type.size, alignment: type.alignment)
    }
}

import CCellar

/// What the holder of a stripe's lock is about to do, so that a successor can finish or undo it.
///
/// | operation | bucket | place | block | second | commits with | a successor |
/// |---|---|---|---|---|---|---|
/// | none | – | – | – | – | – | |
/// | put | the bucket | new slot + 1, old slot + 1 ≪ 8 | the new entry's block | its size | the bucket's state | committed: frees the old entry's block; else: frees the new one |
/// | rebuild | the old bucket | its index, depth ≪ 32 | a new bucket | another one, or 0 | the directory's entry at that index | committed: finishes; else: frees the new ones |
/// | grow | – | – | the new directory | its size | the stripe's directory word | not committed: frees it |
///
/// Fields are written first and `operation` last, with one release store. The lock's hand-over orders the rest.
struct StripeIntent {
    enum Operation: UInt64 {
        case none, put, rebuild, grow
    }

    let stripe: Stripe

    var operation: Operation? { Operation(rawValue: stripe.operation.relaxed()) }

    @inline(__always)
    func begin(_ operation: Operation, bucket: UInt64, place: UInt64, countAfter: UInt64? = nil) {
        stripe.bucket.setRelaxed(bucket)
        stripe.place.setRelaxed(place)
        stripe.block.setRelaxed(0)
        stripe.second.setRelaxed(0)
        stripe.countAfter.setRelaxed(countAfter ?? stripe.count.relaxed())
        crashPoint("stripe intent: filled in")
        // Pairs with the hand-over of the lock: a successor that sees the operation sees its fields.
        stripe.operation.release(operation.rawValue)
        crashPoint("stripe intent: declared")
    }

    /// A put's place.
    @inline(__always)
    static func slots(new: Int?, old: Int?) -> UInt64 {
        UInt64(truncatingIfNeeded: (new ?? -1) &+ 1) | UInt64(truncatingIfNeeded: (old ?? -1) &+ 1) &<< 8
    }

    func add(block: UInt64) {
        stripe.block.release(block)
        crashPoint("stripe intent: block added")
    }

    func add(second: UInt64) {
        stripe.second.release(second)
        crashPoint("stripe intent: second added")
    }

    @inline(__always)
    func end() {
        stripe.count.setRelaxed(stripe.countAfter.relaxed())
        crashPoint("stripe intent: counted")
        stripe.operation.release(Operation.none.rawValue)
        crashPoint("stripe intent: ended")
    }
}

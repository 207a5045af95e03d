import CCellar

/// A stripe's lock, with the stripe's own recovery where a holder died.
struct StripeLock {
    let stripe: Stripe

    /// Takes the lock, in the name of the process in `slot`; false if it was not to be had in time.
    @inline(__always)
    func acquire(until deadline: @autoclosure () -> Int64, as slot: Int) throws(StoreError) -> Bool {
        let outcome = stripe.lock.lock(until: deadline())
        guard case .locked = outcome else { return try acquired(outcome, as: slot) }
        stripe.holder.setRelaxed(LockHolder.briefly(slot: slot))
        // Who could not mend something left it on record.
        if stripe.operation.relaxed() != 0 { try mend(isDead: false) }
        crashPoint("stripe lock: taken")
        return true
    }

    /// The same where it was not free.
    @inline(never)
    private func acquired(_ outcome: RobustMutex.Outcome, as slot: Int) throws(StoreError) -> Bool {
        switch outcome {
        case .locked: break
        case .ownerDied:
            stripe.holder.setRelaxed(LockHolder.briefly(slot: slot))
            try mend(isDead: true)
        case .busy: return false
        case .unusable(let number):
            throw stripe.segment.corrupt("the lock of a dictionary's stripe cannot be used (error \(number))")
        }
        crashPoint("stripe lock: taken from the dead")
        return true
    }

    /// Mends what is on record, or gives the lock up, usable, with the record as it is.
    @inline(never)
    private func mend(isDead: Bool) throws(StoreError) {
        do throws(StoreError) {
            try StripeWriter(stripe: stripe).recover()
            if isDead { try RedoRecovery(TransactionArea(segment: stripe.segment)).applyPending(to: stripe) }
            crashPoint("stripe lock: mended")
            if isDead { stripe.lock.makeConsistent() }
        } catch {
            if isDead { stripe.lock.makeConsistent() }
            release()
            throw error
        }
    }

    @inline(__always)
    func release() {
        // No crash point: a word for messages.
        stripe.holder.setRelaxed(0)
        stripe.lock.unlock()
    }

    /// What an operation that failed left half done is undone as if its process had died.
    func undo() throws(StoreError) {
        if stripe.operation.relaxed() != 0 { try StripeWriter(stripe: stripe).recover() }
    }
}

import Glibc

// How a looker reads safely without being known.
//
// A looker opens the database without its lock file, so that it writes nothing. A writer, though, reuses the pages of a
// snapshot as soon as no reader that it knows of can see them: with LMDB 0.9, transaction S + 3 is the first to write over
// pages of snapshot S. Two things keep a looker's snapshot whole:
//
// 1. Pins. The checkpointing process keeps read transactions open and so known. One begun at time t keeps every snapshot that
//    was the latest at t or after. Of two, the older is replaced when the younger is a grace period old, so what was
//    the latest within the last grace period is kept at any time, and nothing is kept longer than two of them.
// 2. The check at the looker's end. A result counts if the snapshot is still the latest but one, so that no page of it can
//    have been reused yet, or if less than half a grace period went by, so that the pins kept it. Otherwise it is thrown
//    away and the read runs again.
//
// What remains: a looker that is stopped for seconds inside a read, or that reads in the moment in which a new checkpointer
// has taken over or the map has grown, may walk over reused pages before it gets to the check. LMDB believes its pages, so in the
// worst case that looker faults. The store never does: a looker writes nothing.

extension Database {
    /// Keeps what was the latest snapshot within the last grace period whole. The checkpointer calls this before each
    /// checkpoint, and at least once in a while. `now` is the monotonic clock's time.
    func rotatePins(now: Int64) throws(StoreError) {
        guard access == .readWrite else { return }
        while true {
            try gate.enter()
            do {
                defer { gate.leave() }
                if try rotateOnce(now: now) { return }
            }
            try adoptMapSize()
        }
    }

    /// Gives the pins back: this process checkpoints no longer.
    func releasePins() {
        guard getpid() == processID else { return }
        pins.withLock { _ = $0.release() }
    }

    /// False if the map is too small to begin a transaction.
    private func rotateOnce(now: Int64) throws(StoreError) -> Bool {
        try checkUsable()
        return try pins.withLock { (pins) throws(StoreError) in
            guard pins.isDue(now: now, grace: grace) else { return true }
            // The new one begins before the old one ends: on failure nothing is less protected than before.
            do throws(StoreError) {
                guard let transaction = try begin(.reading) else { return false }
                pins.take(transaction, at: now)
            } catch {
                // Without a reader slot for this process nothing can be pinned. Lookers lose some protection; checkpoints go on.
                guard error == processNumberTaken else { throw error }
            }
            return true
        }
    }

    /// A read that nobody knows of, repeated until its result is certain.
    func lookingRead<Result>(_ body: (borrowing ReadTransaction) throws(StoreError) -> Result) throws(StoreError)
        -> Result
    {
        for _ in 0..<8 {
            let start = MonotonicClock.now()
            let (outcome, isCertain) = try plainRead { (transaction: borrowing ReadTransaction) throws(StoreError) in
                let outcome = Self.outcome(of: body, transaction)
                return (outcome, self.isCertain(transaction.identifier, since: start))
            }
            // An error counts no more than a value: a reused page looks like damage.
            if isCertain { return try outcome.get() }
        }
        throw StoreError(
            .timedOut, "cannot read the store '\(directory)': it changed faster than it could be read, each of 8 times")
    }

    private static func outcome<Value>(
        of body: (borrowing ReadTransaction) throws(StoreError) -> Value, _ transaction: borrowing ReadTransaction
    ) -> Result<Value, StoreError> {
        do throws(StoreError) {
            return .success(try body(transaction))
        } catch {
            return .failure(error)
        }
    }

    /// Whether no page of `snapshot` can have been reused by now. Reads the header through the map: for inside a transaction.
    func isCertain(_ snapshot: UInt64, since start: Int64) -> Bool {
        if MonotonicClock.now() - start <= grace / 2 { return true }
        return UInt64(environment.lastTransaction) <= snapshot + 1
    }
}

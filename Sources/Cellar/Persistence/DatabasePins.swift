/// The read transactions that the checkpointer keeps open for the sake of lookers (see `Database.rotatePins(now:)`).
struct DatabasePins {
    struct Pin {
        let transaction: RawTransaction
        let takenAt: Int64
    }

    private var older: Pin?
    private var younger: Pin?

    /// Whether a new pin is due: there are fewer than two, or the younger one protects a full grace period on its own.
    func isDue(now: Int64, grace: Int64) -> Bool {
        guard older != nil, let younger else { return true }
        return now - younger.takenAt >= grace
    }

    /// Takes over a new read transaction, and ends the older of the two that there were.
    mutating func take(_ transaction: RawTransaction, at now: Int64) {
        let pin = Pin(transaction: transaction, takenAt: now)
        guard older != nil else {
            older = pin
            return
        }
        if let younger {
            older?.transaction.abort()
            older = younger
        }
        younger = pin
    }

    /// Ends both; false if there were none.
    @discardableResult
    mutating func release() -> Bool {
        let wereHeld = older != nil
        older?.transaction.abort()
        younger?.transaction.abort()
        older = nil
        younger = nil
        return wereHeld
    }

    /// The snapshot from which on everything is kept; nil if nothing is pinned.
    var oldestTransaction: UInt64? { older?.transaction.identifier }

    /// Whether nothing is pinned, or the pins protect a full grace period.
    func mayClearDead(now: Int64, grace: Int64) -> Bool {
        guard let older else { return true }
        return now - older.takenAt >= grace
    }
}

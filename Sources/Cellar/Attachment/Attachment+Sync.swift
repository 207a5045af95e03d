import CCellar
import Glibc

extension Attachment {
    /// How long a waiter sleeps before it looks whether the checkpointer still lives.
    private static let slice: Int64 = 20_000_000
    /// How long it lets a lock holder go on before it asks for another pass.
    private static let pause: Int64 = 2_000_000

    /// From when on somebody who holds the catalogue's lock is taken for the reason why nothing goes on, in milliseconds.
    private static let longHold: UInt32 = 50

    /// Waits for a checkpoint that begins from now on.
    @usableFromInline
    func sync(timeout: Duration) throws(StoreError) {
        try checkWritable()
        if transactions.isMine {
            throw StoreError(.inUse, "a transaction is open in this thread, and would keep itself from the disk")
        }
        guard let segment, let keeper else { throw readOnlyError }
        let gate = CheckpointGate(segment: segment)
        let deadline = MonotonicClock.deadline(after: timeout)
        var target = gate.request()
        var obstacle: StoreError?
        while true {
            switch gate.outcome(of: target) {
            case .onDisk: return
            case .failed(let error) where error.code == .timedOut && MonotonicClock.now() < deadline:
                // A lock was held: its holder may be done soon.
                obstacle = error
                gate.wait(for: .max, atMost: Self.pause)
                target = gate.request()
            case .failed(let error): throw naming(error, segment)
            case .notYet:
                let left = deadline - MonotonicClock.now()
                if left <= 0 { throw obstacle.map { naming($0, segment) } ?? syncTimeout(gate, segment) }
                gate.wait(for: target, atMost: min(left, Self.slice))
                // Nobody may be the checkpointer just now, or it died: let ours see.
                if case .notYet = gate.outcome(of: target) { keeper.nudge() }
            }
        }
    }

    /// A checkpoint's failure has no names in it. Who keeps the catalogue locked can still be told.
    private func naming(_ error: StoreError, _ segment: Segment) -> StoreError {
        guard error.code == .timedOut, error.errno == ETIMEDOUT, heldMillisecondsOfCatalogue(segment) != nil else {
            return error
        }
        return Catalog(segment: segment).stayedLocked
    }

    /// Since when somebody who lives holds the catalogue's lock: a dead one's keeps nobody waiting.
    private func heldMillisecondsOfCatalogue(_ segment: Segment) -> UInt32? {
        let holder = LockHolder(segment.word(CELLAR_HEADER_ALLOCATION_HOLDER).acquire(), in: segment)
        return holder.info?.isAlive == true ? holder.heldMilliseconds : nil
    }

    private func syncTimeout(_ gate: CheckpointGate, _ segment: Segment) -> StoreError {
        // The checkpointer itself may wait for somebody.
        if let held = heldMillisecondsOfCatalogue(segment), held > Self.longHold {
            return Catalog(segment: segment).stayedLocked
        }
        let holder = LockHolder(gate.holder.acquire(), in: segment)
        return StoreError(
            .timedOut,
            "the checkpoint of '\(directory.path)' did not end in time; \(holder) is the checkpointer: is it stopped, or the "
                + "disk slow?")
    }
}

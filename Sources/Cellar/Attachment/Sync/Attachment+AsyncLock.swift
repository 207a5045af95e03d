extension Attachment {
    /// Runs `body` with the cell's lock. Until then it blocks no thread: the task waits where those wait who watch. The lock is
    /// the thread's that runs `body`, and is given back by it, so nothing can suspend in between.
    ///
    /// Throws `.timedOut`, naming the holder; `CancellationError` where the task is cancelled as it waits; and what `body` throws.
    nonisolated(nonsending) func whenLocked<Result>(
        _ reference: CellReference, until deadline: Int64, _ body: () throws -> Result
    ) async throws -> Result {
        var hasWaited = false
        while true {
            try checkUsable()
            if let result = try attempt(reference, hasWaited, body) { return result }
            let now = MonotonicClock.now()
            if now >= deadline { throw lockTimeout(reference) }
            guard let wait = reference.lock.announceWait() else { continue }
            hasWaited = true
            let outcome = try await WaitingRooms.wait(
                while: wait.futex, is: wait.expected, until: min(deadline, now + RobustMutex.slice), keeping: self,
                unless: { isClosed })
            if outcome == .cancelled { throw CancellationError() }
        }
    }

    /// Nil if the lock is not to be had now.
    private func attempt<Result>(
        _ reference: CellReference, _ hasWaited: Bool, _ body: () throws -> Result
    ) throws -> Result? {
        let outcome = reference.lock.tryLock(hasWaited: hasWaited)
        switch outcome {
        case .busy: return nil
        case .locked: break
        case .ownerDied, .unusable: try lockSlowly(reference, after: outcome, timeout: nil)
        }
        defer { reference.lock.unlock() }
        return try body()
    }
}

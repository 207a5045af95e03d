/// Consumers of a log that share a position, which the store remembers.
///
/// There are two ways to go on. `take` moves the position as it reads: several processes of a group share what comes, and an
/// entry that a process took and died with is not seen again. `next` only reads; `commit` moves the position when the work is
/// done: after a death, what was not committed is read again.
public struct LogGroup<Element: Sendable>: Sendable {
    let log: SharedLog<Element>
    /// By which the group is asked for.
    public let name: String
    let index: Int

    /// The offset of the next entry. It may have been dropped: reading goes on with the oldest that is kept.
    public var position: UInt64 { log.core.memory.position(index).acquire() }

    /// How many entries are there to be read.
    public var lag: UInt64 {
        let offsets = log.offsets
        return offsets.upperBound - min(max(position, offsets.lowerBound), offsets.upperBound)
    }

    /// The next entries, at least one and up to `most`, without moving the position. Waits while there is none. Throws
    /// `.timedOut` after `timeout` (nil: waits for as long as it takes), and as `SharedLog.entries`.
    public func next(upTo most: Int = 1, timeout: Duration? = nil) throws(StoreError) -> [SharedLog<Element>.Entry] {
        try log.entries(from: position, upTo: most, timeout: timeout)
    }

    /// Says that all entries up to this one are done. Never moves the position back. With `sync`, returns when that is on disk.
    public func commit(through offset: UInt64, sync: Bool = false) throws(StoreError) {
        try log.core.move(index) { (position, memory) throws(StoreError) in
            max(position, min(offset &+ 1, memory.range.next))
        }
        if sync { try log.sync() }
    }

    /// Reads the next entries, at least one and up to `most`, and moves the position behind them, in one step. Waits and throws
    /// as `next`.
    public func take(upTo most: Int = 1, timeout: Duration? = nil) throws(StoreError) -> [SharedLog<Element>.Entry] {
        precondition(most > 0, "at least one entry is asked for")
        let deadline = MonotonicClock.deadline(after: timeout)
        while true {
            guard try log.core.wait(for: position, until: deadline) else { throw log.nothingCame }
            let taken = try takeThose(upTo: most)
            if !taken.isEmpty { return taken }
        }
    }

    /// What there is, if anything. Read and decoded before the position is moved, and once more if somebody else moved it.
    fileprivate func takeThose(upTo most: Int) throws(StoreError) -> [SharedLog<Element>.Entry] {
        while true {
            let start = position
            let found = try log.entries(from: start, upTo: most)
            guard let last = found.last else { return [] }
            var isMine = false
            try log.core.move(index) { (position, _) throws(StoreError) in
                isMine = position == start
                return isMine ? last.offset + 1 : position
            }
            if isMine { return found }
        }
    }

    /// Moves the position to any offset, back too: to read again what is still kept.
    public func seek(to offset: UInt64) throws(StoreError) {
        try log.core.move(index) { (_, memory) throws(StoreError) in min(offset, memory.range.next) }
    }

    /// The entries that come, each of which is taken (see `take`). Blocks no thread.
    public var entries: LogEntries<Element> { LogEntries(group: self) }
}

/// See `LogGroup.entries`.
public struct LogEntries<Item: Sendable>: AsyncSequence, AsyncIteratorProtocol, Sendable {
    let group: LogGroup<Item>
    public func makeAsyncIterator() -> Self { self }

    /// Throws `CancellationError` where the task was cancelled.
    public func next() async throws -> SharedLog<Item>.Entry? {
        while true {
            guard try await group.log.core.wait(for: group.position, until: MonotonicClock.never) != nil else {
                throw CancellationError()
            }
            // Another of the group may have been quicker.
            if let entry = try group.takeThose(upTo: 1).first { return entry }
        }
    }
}

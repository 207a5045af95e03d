/// What watchers of something wait on: a count of changes in the upper half of a word, and flags in the lower half.
///
/// | bits | name | means |
/// |---|---|---|
/// | 0 | quiet | a writer has nothing to tell anybody |
/// | 3 | watched | somebody wants to be told of the next change; never together with quiet |
/// | 4 | waking | the count moved on, and those who sleep on it may not be woken yet |
/// | 32…63 | count | of the changes that somebody wanted to be told of; the upper half is a futex |
///
/// | watched, waking | means | a writer | killed here |
/// |---|---|---|---|
/// | –, – | nobody waits | does nothing | – |
/// | watched | armed: nothing changed since the count was read | moves the count on, – watched, + waking | after a death, whoever sweeps does it |
/// | waking | a writer is about to wake, or has just woken, the sleepers | the same, if armed again | the same |
///
/// A watcher arms, has every processor pass a barrier, and looks at what it watches. The count that goes with what it
/// saw is the one it armed at: as long as the count is that, the word is armed, and nothing changed since. A writer
/// changes something, keeps the compiler from reordering, and loads the word: it either sees that it is not quiet, or
/// the watcher sees the change. That is the race of `MemoryBarrier`, with the watcher on the rare side.
@frozen @usableFromInline @safe
struct WatchWord {
    @usableFromInline let word: SharedWord

    @usableFromInline static var quiet: UInt64 { 1 }
    static let watched: UInt64 = 8
    static let waking: UInt64 = 16
    private static let change: UInt64 = 1 << 32

    @inlinable @inline(__always) init(_ word: SharedWord) { self.word = word }

    /// What watchers sleep on. Of a word that is read as a little-endian machine does, the upper half.
    var futex: SharedFutex { unsafe SharedFutex(UnsafeMutableRawPointer(word.address) + 4) }

    // MARK: The watcher's side

    /// Acquire: pairs with the writer's step that moves it on, so who sees that sees the change.
    var count: UInt32 { futex.acquire() }

    /// Wants to be told of the next change; returns the count until then. Before looking at what is watched, the caller
    /// has every processor pass a barrier.
    func arm() -> UInt32 {
        var seen = word.ordered()
        while seen & (Self.watched | Self.quiet) != Self.watched {
            let (exchanged, original) = word.compareExchange(seen, (seen | Self.watched) & ~Self.quiet)
            if exchanged {
                crashPoint("watch: armed")
                break
            }
            seen = original
        }
        return UInt32(seen >> 32)
    }

    // MARK: The writer's side

    /// Moves the count on if somebody wants to be told, setting more `bits` in the same step, and sets them in any case.
    /// Returns the word afterwards, and whether sleepers are to be woken.
    func moveOn(from seen: UInt64, setting bits: UInt64) -> (word: UInt64, moved: Bool) {
        var seen = seen
        while true {
            let moves = seen & Self.watched != 0
            let desired = (moves ? Self.moved(seen) : seen) | bits
            let (exchanged, original) = word.compareExchange(seen, desired)
            if exchanged {
                crashPoint("watch: moved on")
                return (desired, moves)
            }
            seen = original
        }
    }

    private static func moved(_ seen: UInt64) -> UInt64 { ((seen & ~watched) | waking) &+ change }

    /// Wakes those who sleep on the count of `shared`, or else of this word, after it moved on.
    func wake(_ shared: WatchWord?) {
        if let shared { shared.word.add(Self.change) }
        crashPoint("watch: not woken yet")
        (shared ?? self).futex.wakeAll()
        crashPoint("watch: woken")
    }

    /// For what is told by this word alone: something changed, and is there for all to see. Tells whoever watches.
    func tell() {
        // Between the change and looking at the word; pairs with the barrier of a watcher between arming and looking.
        MemoryBarrier.full()
        let seen = word.relaxed()
        guard seen & Self.watched != 0 else { return }
        let (now, moved) = moveOn(from: seen, setting: 0)
        guard moved else { return }
        wake(nil)
        _ = word.compareExchange(now, now & ~Self.waking)
        crashPoint("watch: told")
    }

    // MARK: On behalf of others

    /// Tells whoever watches, whether anything changed or not: a process died, and what it was at is not known.
    func wakeAfterDeath(_ shared: WatchWord?) {
        var seen = word.ordered()
        while seen & (Self.watched | Self.waking) != 0 {
            let desired = Self.moved(seen)
            let (exchanged, original) = word.compareExchange(seen, desired)
            if exchanged {
                crashPoint("watch: moved on after a death")
                wake(shared)
                // If it moved on once more meanwhile, whoever did that wakes them too.
                _ = word.compareExchange(desired, desired & ~Self.waking)
                return
            }
            seen = original
        }
    }

    /// Tells whoever watches that what they watch is gone.
    func wakeForGood() {
        word.add(Self.change)
        crashPoint("watch: gone, not woken yet")
        futex.wakeAll()
    }
}

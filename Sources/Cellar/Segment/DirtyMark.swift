/// Says whether a piece of a cell (a value, or a chunk of an array) has changes that are not on disk, or that somebody
/// waits for.
///
/// | bits | name | means |
/// |---|---|---|
/// | 0 | quiet | a writer has nothing to tell anybody: all that follows a change was set already |
/// | 1 | dirty | the next checkpoint is to write the piece |
/// | 2 | taken | a checkpoint under way writes it |
/// | 3, 4 | watched, waking | see `WatchWord` |
/// | 5 | volatile | of a volatile cell: the disk is not told |
/// | 6…31 | version | advances whenever a checkpoint takes the piece, and wraps around within these bits |
/// | 32…63 | count | of changes that somebody waited for; see `WatchWord` |
///
/// A writer stores its value, keeps the compiler from reordering, and loads the mark: where `quiet` is set it is done.
/// Otherwise it sets `dirty`, and in the same step moves the count on if the piece is watched; then it wakes the
/// watchers, sets the cell's bit in the cell table, and only then `quiet`, by a compare-and-swap from the very mark it
/// left: if a checkpoint took the piece or somebody armed it meanwhile, the mark differs and stays loud.
/// So `quiet` is never set while the cell's bit may be missing, or while somebody waits to be told, whoever is killed or
/// stopped in between.
/// The checkpointer clears the cell's bit, takes the marks (which silences `quiet`), has every processor pass a
/// barrier, and reads the values: a writer either saw the cleared mark, or its value is seen.
/// A volatile cell's mark is quiet, or watched.
@usableFromInline @safe
struct DirtyMark {
    @usableFromInline let word: SharedWord

    @usableFromInline static let quiet: UInt64 = WatchWord.quiet
    static let dirty: UInt64 = 2
    static let taken: UInt64 = 4
    static let volatile: UInt64 = 32
    private static let step: UInt64 = 64
    private static let version: UInt64 = (1 << 32) - step

    @inlinable @inline(__always) init(_ word: SharedWord) { self.word = word }

    /// Whether a writer has nothing more to do. Relaxed: what orders it is the barrier on the checkpointer's side.
    @inlinable @inline(__always) var isQuiet: Bool { word.relaxed() & 1 != 0 }

    /// The part that watchers use.
    @inlinable @inline(__always) var watch: WatchWord { WatchWord(word) }

    /// The writer's slow path; `publish` sets the cell's bit. Watchers sleep on the count of `shared`, which the chunks of
    /// an array have in common, or else on the mark's own.
    func touch(telling shared: WatchWord? = nil, publish: () -> Void) {
        let isVolatile = word.relaxed() & Self.volatile != 0
        let dirty = isVolatile ? 0 : Self.dirty
        var seen = word.formOr(dirty) | dirty
        var rest = seen
        if seen & WatchWord.watched != 0 {
            let moved: Bool
            (seen, moved) = watch.moveOn(from: seen, setting: dirty)
            if moved { watch.wake(shared) }
            // Nobody else woke them in our place, so only ours is cleared.
            rest = moved ? seen & ~WatchWord.waking : seen
        }
        crashPoint("mark: dirty")
        if !isVolatile { publish() }
        _ = word.compareExchange(seen, rest | Self.quiet)
        crashPoint("mark: quiet")
    }

    /// Takes the piece for a checkpoint if it is dirty, or in any case if `always`. Returns whether it was taken.
    func take(always: Bool = false) -> Bool {
        var seen = word.ordered()
        while seen & Self.dirty != 0 || always {
            let kept = seen & ~(Self.version | Self.quiet | Self.dirty)
            let desired = kept | Self.taken | ((seen &+ Self.step) & Self.version)
            let (exchanged, original) = word.compareExchange(seen, desired)
            if exchanged {
                crashPoint("mark: taken")
                return true
            }
            seen = original
        }
        return false
    }

    var isTaken: Bool { word.ordered() & Self.taken != 0 }

    /// The checkpoint that took the piece is on disk.
    func settle() {
        word.formAnd(~Self.taken)
        crashPoint("mark: settled")
    }

    /// The checkpoint that took the piece failed, or its process died: dirty again. Returns whether it was taken.
    /// Dirty is set before taken is cleared, so that dying in between loses nothing.
    func putBack() -> Bool {
        guard word.ordered() & Self.taken != 0 else { return false }
        word.formOr(Self.dirty)
        crashPoint("mark: put back")
        word.formAnd(~Self.taken)
        return true
    }
}

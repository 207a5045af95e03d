import CCellar

/// Says whether a piece of a cell (a value, or a chunk of an array) has changes that are not on disk.
///
/// | bit | name | means |
/// |---|---|---|
/// | 0 | quiet | a writer has nothing to tell anybody: all that follows a change was set already |
/// | 1 | dirty | the next checkpoint is to write the piece |
/// | 2 | taken | a checkpoint under way writes it |
/// | 3… | version | advances whenever a checkpoint takes the piece |
///
/// A writer stores its value, keeps the compiler from reordering, and loads the mark: where `quiet` is set it is done.
/// Otherwise it sets `dirty`, then the cell's bit in the cell table, and only then `quiet`, by a compare-and-swap from
/// the very mark it saw: if a checkpoint took the piece meanwhile, the version differs and the mark stays loud.
/// So `quiet` is never set while the cell's bit may be missing, whoever is killed or stopped in between.
/// The checkpointer clears the cell's bit, takes the marks (which silences `quiet`), has every processor pass a
/// barrier, and reads the values: a writer either saw the cleared mark, or its value is seen.
/// A volatile cell's mark is quiet for ever.
@usableFromInline @safe
struct DirtyMark {
    @usableFromInline let word: SharedWord

    @usableFromInline static let quiet: UInt64 = 1
    static let dirty: UInt64 = 2
    static let taken: UInt64 = 4
    private static let step: UInt64 = 8

    @inlinable @inline(__always) init(_ word: SharedWord) { self.word = word }

    /// Whether a writer has nothing more to do. Relaxed: what orders it is the barrier on the checkpointer's side.
    @inlinable @inline(__always) var isQuiet: Bool { word.relaxed() & 1 != 0 }

    /// The writer's slow path; `publish` sets the cell's bit.
    func touch(publish: () -> Void) {
        let seen = word.formOr(Self.dirty) | Self.dirty
        crashPoint("mark: dirty")
        publish()
        _ = word.compareExchange(seen, seen | Self.quiet)
        crashPoint("mark: quiet")
    }

    /// Takes the piece for a checkpoint if it is dirty, or in any case if `always`. Returns whether it was taken.
    func take(always: Bool = false) -> Bool {
        var seen = word.ordered()
        while seen & Self.dirty != 0 || always {
            let desired = ((seen & ~(Self.step - 1)) &+ Self.step) | Self.taken
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

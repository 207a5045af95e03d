import CCellar

/// One side of a ring: how far its owner came, and how the other side asks it to be woken.
///
/// | waiting | means | its owner, after it moved on | killed here |
/// |---|---|---|---|
/// | 0 | nobody sleeps | does nothing | – |
/// | 1 | the other side sleeps on the bell, or is about to | sets it to 0, advances the bell, wakes | after the death, the keeper who finds it advances all bells |
///
/// Who is about to sleep reads the bell, sets `waiting`, has every processor pass a barrier, and looks once more. The owner
/// moves on, keeps the compiler from reordering, and loads `waiting`: it sees that somebody sleeps, or that one sees what
/// moved. `waiting` is cleared before the bell advances: whoever sets it again in between sleeps on the newer count.
@usableFromInline @safe
struct PipeSide: @unchecked Sendable {
    private let address: UnsafeMutableRawPointer

    @unsafe init(_ address: UnsafeMutableRawPointer) { unsafe self.address = unsafe address }

    var position: SharedWord { unsafe SharedWord(address + CELLAR_PIPE_SIDE_POSITION) }
    var bell: SharedFutex { unsafe SharedFutex(address + CELLAR_PIPE_SIDE_BELL) }
    var waiting: SharedFutex { unsafe SharedFutex(address + CELLAR_PIPE_SIDE_WAITING) }

    /// For who is about to sleep; returns the count to sleep on. A barrier and another look come before that.
    func arm() -> UInt32 {
        let seen = bell.acquire()
        if waiting.acquire() != 1 { waiting.setOrdered(1) }
        crashPoint("pipe: waiting")
        return seen
    }

    /// The owner moved on: wakes who sleeps, if anybody does.
    @inline(__always)
    func tell(fences: Bool) {
        // Between moving on and looking for sleepers; pairs with the barrier of who is about to sleep.
        if fences { MemoryBarrier.full() } else { MemoryBarrier.compilerOnly() }
        if waiting.acquire() != 0 { wake() }
    }

    @inline(never)
    func wake() {
        _ = waiting.exchange(0)
        crashPoint("pipe: nobody waiting")
        bell.add(1)
        crashPoint("pipe: not woken yet")
        bell.wakeAll()
    }
}

import CCellar

/// One side of a ring: how far its owner came, and whether the other side wants to be woken.
///
/// | waiting | means | its owner, after it moved on | killed here |
/// |---|---|---|---|
/// | 0 | nobody sleeps | does nothing | – |
/// | 1 | the other side sleeps on the bell now and then | advances the bell, wakes | after the death, the keeper who finds it advances all bells |
///
/// Who begins to sleep sets it to 1 and has every processor pass a barrier, once. From then on it reads the bell, looks, and
/// sleeps; the owner moves on, loads `waiting`, and advances the bell: that one sees what moved, or the kernel sees that the bell
/// did. Who has not had to sleep for a while sets it to 0 again, so that the owner makes no system calls for nobody. Only the
/// other side writes it, under the lock of its process for that (`PipeEndCore`).
@usableFromInline @safe
struct PipeSide: @unchecked Sendable {
    private let address: UnsafeMutableRawPointer

    @unsafe init(_ address: UnsafeMutableRawPointer) { unsafe self.address = unsafe address }

    var position: SharedWord { unsafe SharedWord(address + CELLAR_PIPE_SIDE_POSITION) }
    var bell: SharedFutex { unsafe SharedFutex(address + CELLAR_PIPE_SIDE_BELL) }
    var waiting: SharedFutex { unsafe SharedFutex(address + CELLAR_PIPE_SIDE_WAITING) }

    // MARK: The other side

    /// Wants to be woken from now on. Returns whether that is new: a barrier comes next then.
    func ask() -> Bool {
        if waiting.acquire() == 1 { return false }
        waiting.setOrdered(1)
        crashPoint("pipe: waiting")
        return true
    }

    /// Did not have to sleep for a while.
    func stopAsking() {
        waiting.release(0)
        crashPoint("pipe: not waiting")
    }

    // MARK: The owner

    /// It moved on: wakes who sleeps, if anybody does.
    @inline(__always)
    func tell(fences: Bool) {
        // Between moving on and looking for sleepers; pairs with the barrier of who began to sleep.
        if fences { MemoryBarrier.full() } else { MemoryBarrier.compilerOnly() }
        if waiting.acquire() != 0 { wake() }
    }

    @inline(never)
    func wake() {
        bell.add(1)
        crashPoint("pipe: not woken yet")
        bell.wakeAll()
    }
}

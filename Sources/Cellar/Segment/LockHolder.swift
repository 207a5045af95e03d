import CCellar

/// Who holds a lock, packed in the word beside it: process slot + 1, and since when in coarse milliseconds (0 = not
/// noted) in the upper half. For messages only: the mutex decides.
@usableFromInline
struct LockHolder: CustomStringConvertible {
    let info: AttachmentInfo?
    let heldMilliseconds: UInt32?

    @usableFromInline
    static func word(slot: Int) -> UInt64 {
        UInt64(slot + 1) | UInt64(MonotonicClock.coarseMilliseconds()) << 32
    }

    /// Without the time, for locks held too briefly to look at a clock.
    @inlinable @inline(__always)
    static func briefly(slot: Int) -> UInt64 { UInt64(truncatingIfNeeded: slot &+ 1) }

    init(_ word: UInt64, in segment: Segment) {
        info = ProcessTable(segment: segment).info(Int(word & 0xFFFF_FFFF) - 1)
        let since = UInt32(word >> 32)
        heldMilliseconds = since == 0 ? nil : MonotonicClock.coarseMilliseconds() &- since
    }

    @usableFromInline
    var description: String {
        guard let info else { return "a process that left no name" }
        let who = "process '\(info.name)' (pid \(info.processID)\(info.isAlive ? "" : ", dead"))"
        guard let heldMilliseconds else { return who }
        return who + " for \(Double(heldMilliseconds) / 1000) s"
    }
}

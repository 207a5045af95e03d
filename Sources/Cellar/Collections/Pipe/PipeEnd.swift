/// One end of a `SharedPipe`: sends to the other and receives from it.
///
/// Can be used by several threads and tasks: of each kind, sending and receiving, one is at work at a time, and the others wait
/// for it. Messages come whole, once, and in order; a process that is killed while it sends has sent the message or has not.
///
/// Waiting: for a few microseconds by looking, where that has helped lately; then asleep, which costs the other end a
/// system call. Without a `timeout` a wait ends when the other end is closed, its process dies (which is noticed within
/// seconds), the pipe is removed, or this end is closed. While the other end was not opened yet, nothing is at an end:
/// messages are kept for it.
///
/// An end closes itself when nobody refers to it any more. Close it before the store.
public final class PipeEnd: Sendable {
    @usableFromInline let core: PipeEndCore

    init(_ core: PipeEndCore) { self.core = core }

    /// Which end it is.
    public var side: SharedPipe.Side { core.end == 0 ? .first : .second }
    /// Bytes of the longest message.
    public var largestMessage: Int { core.largest }
    /// Whether the end was not closed.
    public var isOpen: Bool { core.isOpen }
    /// Whether the other end was closed or its process died. There may be messages from it all the same. Does not block.
    public var isPeerGone: Bool { core.looksGone() }

    /// Gives the end up. The other one receives what was sent, and then nothing more. Threads and tasks that wait at this end
    /// get `.closed`; waits for those that are at a message in place, so never close it from within a body that
    /// was lent a message of this end. Closing twice does nothing.
    public func close() { core.close() }

    /// Whether `receive` would return at once, with a message or with the end, now or within `timeout`. Blocks.
    public func poll(timeout: Duration = .zero) throws(StoreError) -> Bool { try core.poll(timeout) }
}

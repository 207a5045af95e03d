import CCellar

/// A ring of bytes with messages, written by one and read by one.
///
/// A message is a head of 8 bytes, its bytes, and what fills it up to a multiple of 8. It is never split: where it does not fit
/// before the ring's end, it lies at the ring's start. The head is what publishes it:
///
/// | head | means | written by |
/// |---|---|---|
/// | 0 | nothing yet | the writer, before it publishes the message in front of it |
/// | n + 1 | a message of n bytes | the writer, last: release, pairs with the reader's acquire |
/// | ~0 | go on at the ring's start, where a message is | the writer, after that message's head |
///
/// So a reader that waits looks at the word that the message itself comes with. A writer that is killed before that word is
/// written sent nothing. Positions count bytes and never go back; what lies from the reader's to the writer's, and the head
/// behind that, is not written over.
@usableFromInline @safe
struct PipeRing: @unchecked Sendable {
    let written: PipeSide
    let read: PipeSide
    private let bytes: UnsafeMutableRawPointer
    let capacity: Int

    static let headSize = 8
    static let pad = UInt64.max

    @unsafe init(written: PipeSide, read: PipeSide, bytes: UnsafeMutableRawPointer, capacity: Int) {
        self.written = written
        self.read = read
        unsafe self.bytes = unsafe bytes
        self.capacity = capacity
    }

    /// The head at an offset that the caller has within the ring.
    @inline(__always)
    func head(_ offset: Int) -> SharedWord { unsafe SharedWord(bytes + offset) }

    @inline(__always) @unsafe
    func message(_ offset: Int) -> UnsafeMutableRawPointer { unsafe bytes + offset + Self.headSize }

    /// Bytes that a message takes, with its head.
    @inline(__always)
    static func size(_ count: Int) -> Int { headSize + Rounding.up(count, to: 8) }

    /// Bytes written and not read. Of damaged positions: at most the capacity.
    var bytesInFlight: Int {
        let read = read.position.acquire()
        return Int(clamping: min(written.position.acquire() &- read, UInt64(capacity)))
    }

    /// Nobody has an end.
    func empty() {
        // No crash point: `PipeMemory.beginAnew` has one behind it.
        written.position.setRelaxed(0)
        read.position.setRelaxed(0)
        written.waiting.release(0)
        read.waiting.release(0)
        head(0).setRelaxed(0)
    }

    @inline(never)
    func corrupt(_ what: String) -> StoreError {
        StoreError(
            .corruptSegment, "a pipe is damaged: \(what). Close both of its ends, or remove it and make it again")
    }
}

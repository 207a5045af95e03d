import Glibc

/// Read transactions that are over, kept to be begun again: that costs a third of beginning a new one, since each keeps its
/// slot in LMDB's table of readers. Meanwhile they see nothing, and keep no page from being used again.
///
/// Taking one and giving it back touch one word, and no lock. Each word has a cache line of its own:
///
/// | word | meaning | who changes it |
/// |---|---|---|
/// | 0 | nothing is kept here | a read that ends: to its address |
/// | an address | a read that was reset | one that begins: sets bit 0; who is in the gate alone: to 0 |
/// | an address, bit 0 set | a read that is open | its reader: clears bit 0, or to 0 if it cannot be begun again |
@safe
final class SpareReaders: @unchecked Sendable {
    /// As many as threads are likely to read at once.
    private static let most = 16
    private static let line = 64
    private static let open: UInt64 = 1

    private let words: UnsafeMutableRawPointer

    init() {
        // No crash point: memory of this process alone, as in all of this file.
        unsafe words = .allocate(byteCount: Self.most * Self.line, alignment: Self.line)
        unsafe words.initializeMemory(as: UInt8.self, repeating: 0, count: Self.most * Self.line)
    }

    deinit { unsafe words.deallocate() }

    @inline(__always)
    private func word(_ slot: Int) -> SharedWord { unsafe SharedWord(words + slot * Self.line) }

    /// Where a thread looks first, so that threads seldom meet: its number's bits above those that all have in common.
    @inline(__always)
    private static func first(_ thread: UInt) -> Int { Int((thread >> 12 ^ thread >> 20) % UInt(most)) }

    /// Takes one out for the calling thread; nil if there is none.
    @inline(__always)
    func take(_ thread: UInt) -> (slot: Int, address: UInt64)? {
        let first = Self.first(thread)
        for step in 0..<Self.most {
            let slot = (first &+ step) % Self.most
            let address = word(slot).relaxed()
            guard address != 0, address & Self.open == 0 else { continue }
            // No crash point: memory of this process alone. Acquires: what the reader before did to it (`giveBack`, `keep`).
            if word(slot).compareExchange(address, address | Self.open).exchanged { return (slot, address) }
        }
        return nil
    }

    /// The read in the slot was reset, and can be begun again.
    @inline(__always)
    func giveBack(_ slot: Int, _ address: UInt64) {
        // No crash point: memory of this process alone. Releases: to `take` and `releaseIdle`.
        word(slot).release(address)
    }

    /// The read in the slot is gone.
    func drop(_ slot: Int) {
        // No crash point: memory of this process alone. Releases: to `keep`.
        word(slot).release(0)
    }

    /// Keeps a read that was reset; false if there are enough.
    func keep(_ address: UInt64, _ thread: UInt) -> Bool {
        let first = Self.first(thread)
        for step in 0..<Self.most {
            let slot = (first &+ step) % Self.most
            // No crash point: memory of this process alone. Releases: to `take` and `releaseIdle`.
            if word(slot).relaxed() == 0, word(slot).compareExchange(0, address).exchanged { return true }
        }
        return false
    }

    /// Hands every read that is kept to `end`. Whether none is left: one may be open.
    func releaseIdle(_ end: (UInt64) -> Void) -> Bool {
        var isEmpty = true
        for slot in 0..<Self.most {
            let address = word(slot).relaxed()
            if address == 0 { continue }
            // No crash point: memory of this process alone. Acquires: as in `take`.
            if address & Self.open == 0, word(slot).compareExchange(address, 0).exchanged {
                end(address)
            } else {
                isEmpty = false
            }
        }
        return isEmpty
    }
}

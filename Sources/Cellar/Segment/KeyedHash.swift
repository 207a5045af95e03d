/// The hash of names and keys: multiply-and-fold over words of 8 bytes, seeded so that nobody can prepare keys that collide.
/// The construction is that of wyhash (Wang Yi). Dictionaries keep their seed on disk, so its results must not change.
enum KeyedHash {
    @inline(__always) @unsafe
    static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        guard let start = bytes.baseAddress else { return finish(begin(seed), 0, 0) }
        return unsafe hash(start, bytes.count, seed: seed)
    }

    /// The same; a constant count becomes straight code.
    @inline(__always) @unsafe
    static func hash(_ bytes: UnsafeRawPointer, _ count: Int, seed: UInt64) -> UInt64 {
        var state = begin(seed)
        var offset = 0
        while offset &+ 8 <= count {
            state = fold(state ^ (unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset &+= 8
        }
        var tail: UInt64 = 0
        if offset > 0, offset < count {
            // The last word of a key that has one may overlap the one before.
            tail = unsafe bytes.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
        } else {
            while offset < count {
                tail = tail << 8 | UInt64(unsafe bytes.load(fromByteOffset: offset, as: UInt8.self))
                offset &+= 1
            }
        }
        return finish(state, tail, count)
    }

    @inline(__always)
    private static func begin(_ seed: UInt64) -> UInt64 { seed ^ 0xA076_1D64_78BD_642F }

    @inline(__always)
    private static func finish(_ state: UInt64, _ tail: UInt64, _ count: Int) -> UInt64 {
        fold(state ^ tail ^ UInt64(truncatingIfNeeded: count) << 56)
    }

    @inline(__always)
    private static func fold(_ word: UInt64) -> UInt64 {
        let product = word.multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }
}

/// The hash of names and keys: multiply-and-fold over words of 8 bytes, seeded so that nobody can prepare keys that collide.
/// The construction is that of wyhash (Wang Yi). Dictionaries keep their seed on disk, so its results must not change.
enum KeyedHash {
    @inline(__always) @unsafe
    static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        var state = seed ^ 0xA076_1D64_78BD_642F
        var offset = 0
        while offset &+ 8 <= bytes.count {
            state = fold(state ^ (unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset &+= 8
        }
        var tail: UInt64 = 0
        if offset > 0, offset < bytes.count {
            // The last word of a key that has one may overlap the one before.
            tail = unsafe bytes.loadUnaligned(fromByteOffset: bytes.count &- 8, as: UInt64.self)
        } else {
            while offset < bytes.count {
                tail = tail << 8 | UInt64(unsafe bytes[offset])
                offset &+= 1
            }
        }
        return fold(state ^ tail ^ UInt64(truncatingIfNeeded: bytes.count) << 56)
    }

    @inline(__always)
    private static func fold(_ word: UInt64) -> UInt64 {
        let product = word.multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }
}

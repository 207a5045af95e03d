/// A key of the `entries` database: the dictionary's uid (8 bytes) and the hash of the entry's key with its bits in reverse
/// order (8 bytes), both with the high byte first, then the key itself. So the entries whose hashes end alike, which memory
/// keeps in one bucket, lie together on disk, whatever the bucket's depth.
struct EntryKey: Hashable, Sendable {
    var uid: UInt64
    var hash: UInt64
    var key: [UInt8]

    static let headCount = 16

    init(uid: UInt64, hash: UInt64, key: [UInt8]) {
        self.uid = uid
        self.hash = hash
        self.key = key
    }

    /// Nil for what is too short.
    init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= Self.headCount else { return nil }
        uid = unsafe UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
        hash = Self.reversed(unsafe UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        key = Array(bytes.copiedBytes[Self.headCount...])
    }

    var bytes: [UInt8] { Self.head(uid, Self.reversed(hash)) + key }

    /// What the keys of hashes that end in the last `count` bits of `hash` begin with, at the least.
    static func start(uid: UInt64, hash: UInt64, count: Int) -> [UInt8] {
        head(uid, count == 0 ? 0 : reversed(hash) & ~(count == 64 ? 0 : UInt64.max >> UInt64(count)))
    }

    /// Whether a hash ends in the last `count` bits of another.
    static func agree(_ left: UInt64, _ right: UInt64, count: Int) -> Bool {
        count == 0 || (left ^ right) << UInt64(64 - count) == 0
    }

    private static func head(_ uid: UInt64, _ reversed: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headCount)
        for word in [uid, reversed] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return bytes
    }

    static func reversed(_ word: UInt64) -> UInt64 {
        var word = word.byteSwapped
        word = (word >> 4) & 0x0F0F_0F0F_0F0F_0F0F | (word & 0x0F0F_0F0F_0F0F_0F0F) << 4
        word = (word >> 2) & 0x3333_3333_3333_3333 | (word & 0x3333_3333_3333_3333) << 2
        return (word >> 1) & 0x5555_5555_5555_5555 | (word & 0x5555_5555_5555_5555) << 1
    }
}

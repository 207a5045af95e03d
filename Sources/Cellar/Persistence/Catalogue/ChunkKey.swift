/// A key of the `values` database. Big-endian, so that a cell's chunks lie together and in order.
struct ChunkKey: Hashable, Sendable {
    static let byteCount = 12

    var uid: UInt64
    var chunk: UInt32

    init(uid: UInt64, chunk: UInt32) {
        self.uid = uid
        self.chunk = chunk
    }

    /// Nil for a key of another length.
    init?(_ bytes: RawSpan) {
        guard bytes.byteCount == Self.byteCount else { return nil }
        uid = unsafe UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
        chunk = unsafe UInt32(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt32.self))
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: uid >> shift)) }
        for shift in stride(from: 24, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: chunk >> shift)) }
        return bytes
    }
}

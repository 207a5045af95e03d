import CCellar

/// The sizes of a dictionary's parts: how long keys and values are, and where they lie in a slot.
///
/// ```
/// slot  ┌ expiry ┬ plain key ┬ plain value ┬ block ┬ lengths ┐   each a multiple of 8 bytes; what it does not need it
///       └ 8      ┴ …         ┴ …           ┴ 8     ┴ 8       ┘   does not have
/// ```
/// Keys and values of any length lie in a block of their own, the key first. Lengths: the key's, the value's in the
/// upper half.
@usableFromInline
struct DictionaryShape: Hashable, Sendable {
    /// Bytes of a plain key; nil for text and bytes.
    let keySize: Int?
    /// Bytes of a plain value, likewise.
    let valueSize: Int?
    let expires: Bool

    let keyOffset: Int
    let valueOffset: Int
    let blockOffset: Int
    let slotSize: Int

    /// Plain values up to this size lie in the slot.
    static let largestValue = 4096
    /// Key and value together, where one of them may have any length.
    static let largestBlock = 32_768
    static let stripeCount = 32
    static let stripeShift = UInt64(stripeCount.trailingZeroBitCount)

    /// The number of the stripe that a hash ends in.
    @inline(__always)
    static func stripe(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (stripeCount &- 1) }

    /// Where the stripe of a hash lies, from the first on.
    @inline(__always)
    static func stripeOffset(_ hash: UInt64) -> Int { unsafe stripe(of: hash) &* MemoryLayout<cellar_stripe>.size }

    init(keySize: Int?, valueSize: Int?, expires: Bool) {
        self.keySize = keySize
        self.valueSize = valueSize
        self.expires = expires
        keyOffset = expires ? 8 : 0
        valueOffset = keyOffset + Rounding.up(keySize ?? 0, to: 8)
        blockOffset = valueOffset + Rounding.up(valueSize ?? 0, to: 8)
        slotSize = blockOffset + (keySize == nil || valueSize == nil ? 16 : 0)
    }

    var hasBlocks: Bool { keySize == nil || valueSize == nil }
    /// Whether a value is one word, that is replaced in one step.
    var isWordValued: Bool { valueSize.map { $0 <= 8 } == true && !expires }

    /// Bytes of a bucket with so many slots.
    func bucketSize(_ capacity: Int) -> Int { Rounding.up(64 + capacity * slotSize, to: 16) }

    /// Bytes that a key and a value need outside of the slot.
    func blockSize(keyCount: Int, valueCount: Int) -> Int {
        hasBlocks ? (keySize == nil ? keyCount : 0) + (valueSize == nil ? valueCount : 0) : 0
    }

    /// Throws where a type cannot be a dictionary's.
    static func check(valueSize: Int?) throws(StoreError) {
        guard let valueSize, valueSize > largestValue else { return }
        throw StoreError(
            .unsupportedType,
            "a value of \(valueSize) bytes is too large for a dictionary, whose plain values have at most \(largestValue)"
        )
    }
}

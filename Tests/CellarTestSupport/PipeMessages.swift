/// Messages of random sizes and contents that sender and receiver make up alike, each from the seed.
public struct PipeMessages {
    private var random: SeededRandom
    private let largest: Int

    public init(seed: UInt64, largest: Int) {
        random = SeededRandom(seed: seed)
        self.largest = largest
    }

    /// The next message: mostly short ones, now and then none at all, or one as long as can be.
    public mutating func next() -> [UInt8] {
        let count: Int
        switch random.next() % 16 {
        case 0: count = 0
        case 1: count = largest
        case 2...4: count = Int(random.next() % UInt64(largest + 1))
        default: count = Int(random.next() % UInt64(min(largest, 64) + 1))
        }
        var word: UInt64 = 0
        return (0..<count).map { index in
            if index % 8 == 0 { word = random.next() }
            return UInt8(truncatingIfNeeded: word >> UInt64(index % 8 * 8))
        }
    }
}

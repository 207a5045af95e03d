import Glibc

/// A generator that other programs of the comparison have as well, so that all do the same (xorshift64*).
struct Xorshift: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64 = 88_172_645_463_325_252) { state = seed }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 2_685_821_657_736_338_717
    }
}

/// In which order entries are asked for.
enum Order {
    static let count = 50_000

    static func uniform(_ entries: Int, seed: UInt64 = 88_172_645_463_325_252) -> [Int] {
        var random = Xorshift(seed)
        return (0..<count).map { _ in Int(random.next() % UInt64(entries)) }
    }

    /// Few entries often, many seldom, spread over all (Gray et al., "Quickly generating billion-record synthetic databases",
    /// as in YCSB: theta 0.99, scrambled by FNV-1a).
    static func zipfian(_ entries: Int, seed: UInt64) -> [Int] {
        let theta = 0.99
        let zeta = (1...entries).reduce(0.0) { $0 + 1 / pow(Double($1), theta) }
        let zetaOfTwo = 1 + 1 / pow(2, theta)
        let alpha = 1 / (1 - theta)
        let eta = (1 - pow(2 / Double(entries), 1 - theta)) / (1 - zetaOfTwo / zeta)
        var random = Xorshift(seed)
        return (0..<count).map { _ in
            let share = Double(random.next() >> 11) / Double(1 << 53)
            let scaled = share * zeta
            let rank =
                scaled < 1
                ? 0 : scaled < 1 + pow(0.5, theta) ? 1 : Int(Double(entries) * pow(eta * share - eta + 1, alpha))
            return scrambled(rank, entries)
        }
    }

    /// Yes for so many percent of `count` operations.
    static func choices(_ percent: Int, seed: UInt64) -> [Bool] {
        var random = Xorshift(seed)
        return (0..<count).map { _ in random.next() >> 33 % 100 < UInt64(percent) }
    }

    private static func scrambled(_ rank: Int, _ entries: Int) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for place in 0..<8 { hash = (hash ^ (UInt64(rank) >> (8 * UInt64(place)) & 0xFF)) &* 0x100_0000_01B3 }
        return Int(hash % UInt64(entries))
    }
}

/// The name of an entry: 16 bytes.
func entryName(_ number: Int) -> String {
    let digits = String(number)
    return "key-" + String(repeating: "0", count: max(12 - digits.count, 0)) + digits
}

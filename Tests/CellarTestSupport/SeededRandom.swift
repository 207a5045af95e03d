import Glibc

/// Random numbers that can be had again: the seed is printed, and taken from `CELLAR_TEST_SEED` if that is set.
public struct SeededRandom: RandomNumberGenerator {
    public let seed: UInt64
    private var state: UInt64

    /// A seed of its own, printed with the name of what uses it.
    public init(for what: String) {
        let given = unsafe getenv("CELLAR_TEST_SEED").flatMap { unsafe UInt64(String(cString: $0)) }
        self.init(seed: given ?? UInt64.random(in: 0 ... .max))
        print("seed of \(what): \(seed)")
    }

    public init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    public mutating func next() -> UInt64 {
        // SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

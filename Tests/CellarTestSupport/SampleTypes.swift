/// 256 bytes that tell whether they belong together.
public struct Checksummed: BitwiseCopyable, Sendable {
    public var words: InlineArray<31, UInt64>
    public var sum: UInt64

    public init(number: UInt64) {
        words = InlineArray(repeating: 0)
        var total: UInt64 = 0
        for index in 0..<31 {
            let word = number &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(index)
            words[index] = word
            total = total &* 31 &+ word
        }
        words[0] = number
        sum = total
    }

    /// The number it was made with.
    public var number: UInt64 { words[0] }

    public var isWhole: Bool {
        var total = words[0] &* 0x9E37_79B9_7F4A_7C15
        for index in 1..<31 { total = total &* 31 &+ words[index] }
        return total == sum
    }
}

/// Three numbers that are always equal.
public struct Triple: BitwiseCopyable, Sendable, Equatable {
    public var first: Int
    public var second: Int
    public var third: Int

    public init(_ number: Int) {
        first = number
        second = number
        third = number
    }

    public var isWhole: Bool { first == second && second == third }
}

/// The cells that the storms work on.
public enum StormCells {
    public static let arrayCount = 20_000
    public static let recordCount = 4_000
    /// What a cell of this number holds, under whatever name.
    public static func content(_ number: Int) -> Triple { Triple(number * 1_000_003 + 7) }
}

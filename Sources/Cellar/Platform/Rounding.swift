/// Rounding of sizes and offsets.
enum Rounding {
    /// The least multiple of `multiple`, a power of two, that is not less than `size`. A size so large that there is
    /// none (which only damaged memory claims) gives a negative number, which fails every check of bounds.
    @inline(__always)
    static func up(_ size: Int, to multiple: Int) -> Int { (size &+ multiple &- 1) & ~(multiple &- 1) }
}

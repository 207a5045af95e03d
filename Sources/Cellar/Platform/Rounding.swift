/// Rounding of sizes and offsets.
enum Rounding {
    /// The least multiple of `multiple` that is not less than `size`. Neither is negative.
    static func up(_ size: Int, to multiple: Int) -> Int { (size + multiple - 1) / multiple * multiple }
}

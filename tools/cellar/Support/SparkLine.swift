/// A series of numbers as small bars, the newest last.
enum SparkLine {
    private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// The last `width` numbers, from nothing to the greatest of them; blanks before the first.
    static func text(_ values: [Double], width: Int) -> String {
        let shown = values.suffix(max(width, 0))
        let greatest = shown.max() ?? 0
        let line = shown.map { value -> Character in
            guard greatest > 0, value > 0 else { return bars[0] }
            // What is more than nothing is seen to be.
            return bars[min(max(Int((value / greatest * Double(bars.count - 1)).rounded()), 1), bars.count - 1)]
        }
        return String(repeating: " ", count: max(width - line.count, 0)) + String(line)
    }
}

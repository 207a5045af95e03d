import Glibc

/// Times of one piece of work, over several rounds.
struct Samples {
    private(set) var nanoseconds: [Double] = []

    mutating func add(_ value: Double) { nanoseconds.append(value) }

    var median: Double {
        let sorted = nanoseconds.sorted()
        return sorted.isEmpty ? .nan : sorted[sorted.count / 2]
    }

    var worst: Double { nanoseconds.max() ?? .nan }

    var spread: String {
        guard let least = nanoseconds.min(), let most = nanoseconds.max() else { return "" }
        return "\(short(least))…\(short(most))"
    }
}

/// Nanoseconds on the monotonic clock.
func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

/// Nanoseconds that `body` takes, divided by its repetitions.
func time(_ repetitions: Int, _ body: () -> Void) -> Double {
    let start = now()
    body()
    return (now() - start) / Double(repetitions)
}

func short(_ value: Double) -> String {
    let digits = value < 10 ? 2 : value < 1000 ? 1 : 0
    let scale = digits == 2 ? 100.0 : digits == 1 ? 10.0 : 1.0
    return "\((value * scale).rounded() / scale)"
}

/// Work measured beside what it is held against, in turn, so that a drift of the machine's speed meets both.
struct Comparison {
    let name: String
    /// The most the ratio of medians may be; nil where the figure stands for itself.
    let limit: Double?
    let ours: () -> Double
    let bare: () -> Double

    func run(rounds: Int, absoluteLimit: Double? = nil) -> Row {
        var mine = Samples()
        var theirs = Samples()
        for _ in 0..<rounds {
            theirs.add(bare())
            mine.add(ours())
        }
        return Row(
            name: name, figure: "\(short(mine.median)) ns", spread: mine.spread, peer: "\(short(theirs.median)) ns",
            ratio: mine.median / theirs.median, limit: absoluteLimit ?? limit, limitIsAbsolute: absoluteLimit != nil,
            value: mine.median)
    }
}

/// A line of the report.
struct Row {
    var name: String
    var figure: String
    var spread = ""
    var peer = ""
    var ratio: Double?
    var limit: Double?
    /// Whether the limit is for the figure, though there is a ratio.
    var limitIsAbsolute = false
    var value: Double
    /// For figures with a limit of their own, in the figure's unit.
    var holds: Bool {
        guard let limit else { return true }
        return (limitIsAbsolute ? value : ratio ?? value) <= limit
    }

    var line: String {
        let bound = limit.map { "≤ \(short($0))\(ratio == nil || limitIsAbsolute ? "" : "×")" } ?? ""
        return [
            pad(name, 34), pad(figure, 13), pad(spread, 18), pad(peer, 12),
            pad(ratio.map { short($0) + "×" } ?? "", 8), pad(bound, 10), limit == nil ? "" : holds ? "holds" : "MISSED",
        ].joined(separator: " ")
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 0))
    }
}

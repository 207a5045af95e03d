import Cellar

/// How long one thing takes, measured some times over.
struct Measurement {
    var name: String
    /// What it is measured beside, if it is measured for that.
    var baseline: String?
    /// Nanoseconds for one, of each round, in order of size.
    private var rounds: [Double]

    private static let roundCount = 15
    /// Long enough for the clock, short enough that other processes disturb few of the rounds.
    private static let roundTime = 4_000_000.0

    /// Calls `body` with how often it is to do the thing.
    init(_ name: String, beside baseline: String? = nil, _ body: (Int) throws -> Void) rethrows {
        self.name = name
        self.baseline = baseline
        let count = try Self.count(for: body)
        rounds = []
        for _ in 0..<Self.roundCount { rounds.append(try Self.time(body, count) / Double(count)) }
        rounds.sort()
    }

    /// How many fill a round; this also warms everything up.
    private static func count(for body: (Int) throws -> Void) rethrows -> Int {
        var count = 1
        while count < 1 << 28 {
            let time = try time(body, count)
            if time >= roundTime / 2 { return max(1, Int(Double(count) * roundTime / time)) }
            count *= time < roundTime / 20 ? 8 : 2
        }
        return count
    }

    private static func time(_ body: (Int) throws -> Void, _ count: Int) rethrows -> Double {
        let start = ContinuousClock.now
        try body(count)
        return (ContinuousClock.now - start) / .nanoseconds(1)
    }

    var median: Double { rounds[rounds.count / 2] }
    /// Between these lie eight of ten rounds.
    var low: Double { rounds[rounds.count / 10] }
    var high: Double { rounds[rounds.count - 1 - rounds.count / 10] }

    // MARK: Showing

    /// Beside the median of the baseline.
    func row(beside other: Measurement?) -> [String] {
        let times = other.map { "\(Self.rounded(median / max($0.median, 0.001))) x \($0.name)" } ?? ""
        return [name, Self.shown(median), "\(Self.shown(low)) to \(Self.shown(high))", times]
    }

    private static func shown(_ nanoseconds: Double) -> String {
        if nanoseconds < 1000 { return "\(rounded(nanoseconds)) ns" }
        if nanoseconds < 1_000_000 { return "\(rounded(nanoseconds / 1000)) us" }
        return "\(rounded(nanoseconds / 1_000_000)) ms"
    }

    private static func rounded(_ amount: Double) -> String {
        if amount >= 9.995 { return HumanUnits.rounded(amount) }
        let hundredths = Int((amount * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }

    func json(isOptimised: Bool) -> String {
        var line = JSONLine()
        line.add("name", name)
        line.add("nanoseconds", json: "\(median)")
        line.add("low", json: "\(low)")
        line.add("high", json: "\(high)")
        line.add("rounds", rounds.count)
        line.add("beside", json: baseline.map { CellContent.escape($0) } ?? "null")
        line.add("optimised", isOptimised)
        return line.closed
    }
}

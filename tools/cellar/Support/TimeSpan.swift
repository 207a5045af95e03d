import ArgumentParser

/// A length of time as people write it: `5s`, `250ms`, `2m`, `1h`.
struct TimeSpan: ExpressibleByArgument {
    var duration: Duration

    private static let units: [(name: String, milliseconds: Double)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]
    /// A hundred years.
    private static let most = 100 * 365.25 * 86_400_000

    init(duration: Duration) { self.duration = duration }
    /// Longer than anybody waits.
    static let forever = Duration.milliseconds(Int64(most))

    init?(argument: String) {
        guard let unit = Self.units.first(where: { argument.hasSuffix($0.name) }),
            case let digits = argument.dropLast(unit.name.count), !digits.isEmpty,
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }),
            let number = Double(digits), number * unit.milliseconds <= Self.most
        else { return nil }
        duration = .milliseconds(Int64((number * unit.milliseconds).rounded()))
    }

    var defaultValueDescription: String {
        let milliseconds = duration / .milliseconds(1)
        let unit = Self.units.last { milliseconds >= $0.milliseconds } ?? Self.units[0]
        let amount = milliseconds / unit.milliseconds
        return (amount == amount.rounded() ? "\(Int(amount))" : "\(amount)") + unit.name
    }
}

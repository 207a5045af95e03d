/// Sizes in units that people read at a glance, or exact.
enum ByteStyle {
    case human, exact

    init(exact: Bool) { self = exact ? .exact : .human }

    private static let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]

    /// `640 B`, `1.5 KiB`, `48 MiB`; exact, `1572864`.
    func column(_ count: Int) -> String { self == .exact ? "\(count)" : Self.human(count) }

    /// For a line of its own: `1.5 KiB`; exact, `1,572,864 bytes`.
    func text(_ count: Int) -> String { self == .exact ? Printable.counted(count, "byte") : Self.human(count) }

    private static func human(_ count: Int) -> String {
        guard count >= 1024 else { return "\(count) B" }
        var tenths = Double(count) * 10
        for unit in units {
            tenths /= 1024
            if tenths.rounded() < 10240 || unit == units.last { return "\(number(tenths)) \(unit)" }
        }
        return "\(count) B"
    }

    /// Two digits at the least: `1.5`, `48`.
    private static func number(_ tenths: Double) -> String {
        let rounded = Int(tenths.rounded())
        return rounded < 100 ? "\(rounded / 10).\(rounded % 10)" : "\((rounded + 5) / 10)"
    }
}

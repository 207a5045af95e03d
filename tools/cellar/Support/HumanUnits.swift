/// Amounts in the units in which people think of them.
enum HumanUnits {
    private static let byteUnits = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]

    /// `512 B`, `1.5 KiB`, `230 MiB`: three digits, or four where they are whole.
    static func bytes(_ count: Int) -> String {
        if count < 1024 { return "\(count) B" }
        var (amount, unit) = (Double(count), -1)
        // What would be rounded to 1024 of a unit is one of the next.
        while amount >= 1023.5, unit < byteUnits.count - 1 { (amount, unit) = (amount / 1024, unit + 1) }
        return "\(rounded(amount)) \(byteUnits[max(unit, 0)])"
    }

    /// One digit behind the point below a hundred.
    static func rounded(_ amount: Double) -> String {
        guard amount.isFinite, amount < 1e15 else { return "many" }
        let tenths = Int((amount * 10).rounded())
        return tenths < 1000 ? "\(tenths / 10).\(tenths % 10)" : "\(Int(amount.rounded()))"
    }

    /// `42 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`: two units at most.
    static func duration(_ duration: Duration) -> String {
        let seconds = max(Int(clamping: duration.components.seconds), 0)
        let (minutes, hours) = (seconds / 60, seconds / 3600)
        if minutes == 0 { return "\(seconds) s" }
        if hours == 0 { return "\(minutes) min \(seconds % 60) s" }
        if hours < 24 { return "\(hours) h \(minutes % 60) min" }
        return "\(hours / 24) d \(hours % 24) h"
    }
}

/// Sizes in units that people read at a glance, or exact.
enum ByteStyle {
    case human, exact

    init(exact: Bool) { self = exact ? .exact : .human }

    /// `640 B`, `1.5 KiB`, `480 MiB`; exact, `1572864`.
    func column(_ count: Int) -> String { self == .exact ? "\(count)" : HumanUnits.bytes(count) }

    /// For a line of its own: `1.5 KiB`; exact, `1,572,864 bytes`.
    func text(_ count: Int) -> String { self == .exact ? Printable.counted(count, "byte") : HumanUnits.bytes(count) }
}

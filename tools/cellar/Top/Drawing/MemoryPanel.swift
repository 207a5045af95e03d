import Cellar

/// Memory, disk and checkpoints.
enum MemoryPanel {
    static func table(_ sample: Sample) -> PanelTable {
        let rows = rows(sample)
        return PanelTable(
            columns: [.init(title: "WHAT", width: 18), .init(title: "HOW MUCH")], count: rows.count,
            row: { [.init(text: rows[$0].0, style: .dim), .init(text: rows[$0].1, style: .plain)] })
    }

    private static func rows(_ sample: Sample) -> [(String, String)] {
        guard let figures = sample.figures else { return [("memory", "cannot be read")] }
        return (figures.segment.map { memory($0, sample) } ?? [("memory", "no segment in memory")]) + disk(figures)
    }

    private static func memory(
        _ segment: StoreStatistics.SegmentStatistics, _ sample: Sample
    ) -> [(String, String)] {
        let inUse = max(segment.used - segment.free, 0)
        let share = min(Double(inUse) / Double(max(segment.size, 1)), 1)
        return [
            ("segment", "\(HumanUnits.bytes(segment.size)) in \("/dev/shm" + segment.name)"),
            ("in use", "\(HumanUnits.bytes(inUse))  \(ProgressLine.bar(share, width: 30)) \(Int(share * 100)) %"),
            ("on free lists", HumanUnits.bytes(segment.free)),
            ("cells in memory", Printable.grouped(segment.cells)),
            ("to be written", segment.isDirty ? "yes" : "nothing"),
            ("checkpointer", segment.checkpointer.map { "process \($0)" } ?? "none"),
            ("checkpoints", "\(segment.lastCheckpoint) on disk, \(PanelText.rate(sample.checkpoints.rate)) a second"),
            ("last checkpoint", lastCheckpoint(segment, sample.checkpoints.age)),
        ]
    }

    private static func lastCheckpoint(
        _ segment: StoreStatistics.SegmentStatistics, _ age: Duration?
    ) -> String {
        guard segment.lastCheckpointNanoseconds > 0 else { return "none yet" }
        let bytes = HumanUnits.bytes(Int(clamping: segment.lastCheckpointBytes))
        let took = PanelText.duration(.nanoseconds(Int64(clamping: segment.lastCheckpointNanoseconds)))
        return "\(bytes) in \(took)" + (age.map { ", \(PanelText.duration($0)) ago" } ?? "")
    }

    private static func disk(_ figures: StoreStatistics) -> [(String, String)] {
        let free = HumanUnits.bytes(figures.freePages * figures.pageSize)
        return [
            ("disk", "\(HumanUnits.bytes(figures.diskBytes)), \(free) of it free"),
            ("cells on disk", Printable.grouped(figures.cellsOnDisk)),
            ("tables", Printable.grouped(figures.tables)),
            ("last transaction", Printable.grouped(Int(clamping: figures.lastTransaction))),
            (
                "readers",
                figures.readers.map { "\($0.inUse) of \($0.maximum) slots, \($0.reading) reading" } ?? "cannot be seen"
            ),
        ]
    }
}

import Cellar

/// The figures of a store for people, each with its name.
struct StoreFigures {
    private let statistics: StoreStatistics
    private let style: ByteStyle

    init(_ statistics: StoreStatistics, _ style: ByteStyle) { (self.statistics, self.style) = (statistics, style) }

    var rows: [(String, String)] {
        disk + (statistics.segment.map(memory) ?? [("memory", "none: the store is at rest")])
    }

    // MARK: Disk

    private var disk: [(String, String)] {
        let freeBytes = statistics.freePages * statistics.pageSize
        return [
            ("identity", statistics.identity),
            ("cells on disk", Printable.grouped(statistics.cellsOnDisk)),
            ("disk", "\(style.text(statistics.diskBytes)) in pages of \(statistics.pageSize)"),
            ("free pages", "\(Printable.grouped(statistics.freePages)), \(style.text(freeBytes))"),
            ("map", style.text(statistics.mapSize)),
            ("last transaction", "\(statistics.lastTransaction)"),
            ("tables", Printable.grouped(statistics.tables)),
            ("readers", statistics.readers.map(readers) ?? "cannot be seen"),
        ]
    }

    private func readers(_ readers: StoreStatistics.ReaderStatistics) -> String {
        "\(readers.inUse) of \(readers.maximum) slots, \(readers.reading) reading, the oldest "
            + "\(Printable.counted(Int(clamping: readers.oldestLag), "transaction")) behind, \(readers.dead) dead"
    }

    // MARK: Memory

    private func memory(_ segment: StoreStatistics.SegmentStatistics) -> [(String, String)] {
        [
            ("memory", "\(style.text(segment.size)) in \(Printable.line("/dev/shm\(segment.name)"))"),
            ("memory used", style.text(segment.used - min(segment.free, segment.used))),
            ("memory free", free(segment)),
        ] + segment.freeBlocks.classes.map(blocks) + [
            ("cells in memory", Printable.grouped(segment.cells)),
            ("processes", Printable.grouped(segment.attachments)),
            ("checkpointer", segment.checkpointer.map { "process \($0)" } ?? "none"),
            ("checkpoints", "\(segment.lastCheckpoint) on disk, \(segment.begunCheckpoints) begun"),
            ("last checkpoint", lastCheckpoint(segment)),
            ("to be written", dirty(segment)),
        ]
    }

    /// What was never used, and what was, and can be used again.
    private func free(_ segment: StoreStatistics.SegmentStatistics) -> String {
        let blocks = segment.freeBlocks
        let fresh = "\(style.text(max(segment.size - segment.used, 0))) at the end"
        guard blocks.blocks > 0 else { return fresh + ", none between" }
        let percent = Int((blocks.fragmentation * 100).rounded())
        return fresh
            + ", \(style.text(segment.free)) in \(Printable.counted(blocks.blocks, "block")) between, the largest "
            + "\(style.text(blocks.largest)): \(percent)% fragmented" + (blocks.isComplete ? "" : ", not all counted")
    }

    private func blocks(_ blocks: FreeMemory.SizeClass) -> (String, String) {
        (
            "  up to \(style.text(blocks.limit))",
            "\(style.text(blocks.byteCount)) in \(Printable.counted(blocks.blocks, "block"))"
        )
    }

    private func dirty(_ segment: StoreStatistics.SegmentStatistics) -> String {
        guard segment.isDirty else { return "nothing" }
        return
            "\(Printable.counted(segment.dirtyCells, "cell")), \(style.text(segment.dirtyBytes)) of values and chunks"
    }

    private func lastCheckpoint(_ segment: StoreStatistics.SegmentStatistics) -> String {
        guard segment.lastCheckpointNanoseconds > 0 else { return "none yet" }
        let bytes = style.text(Int(clamping: segment.lastCheckpointBytes))
        let chunks = Printable.counted(Int(clamping: segment.lastCheckpointChunks), "chunk")
        let microseconds = Printable.grouped(Int(clamping: segment.lastCheckpointNanoseconds / 1000))
        let when = SystemCall.localTime(nanoseconds: segment.lastCheckpointEnded)
        return "\(when), \(bytes) in \(chunks), took \(microseconds) microseconds"
    }
}

import ArgumentParser
import Cellar

struct StatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stat", abstract: "Prints figures of a store, or of one of its queues.",
        discussion: """
            Memory, disk, checkpoints; of a store at rest there are only those of the disk. Of a queue how many items are in \
            which state (taken: got for good, and not marked done), how old the oldest is, and which process has which.

              cellar stat robot.cellar
              cellar stat robot.cellar jobs
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "A queue's name.") var queue: String?
    @Flag(help: "One JSON object on one line.") var json = false

    func run() throws {
        let store = try store.look()
        defer { store.close() }
        let output = Output()
        if let queue {
            try Self.write(QueueFigures(store.untypedQueue(queue), in: store), json: json, to: output)
            return try output.flush()
        }
        let statistics = try store.statistics()
        if json {
            try output.line(Self.json(statistics))
        } else {
            let rows = Self.disk(statistics) + (statistics.segment.map(Self.memory) ?? [Self.atRest])
            try Self.write(rows, to: output)
        }
        try output.flush()
    }

    static func write(_ figures: QueueFigures, json: Bool, to output: Output) throws {
        if json { return try output.line(figures.json) }
        try write(figures.rows, to: output)
    }

    private static func write(_ rows: [(String, String)], to output: Output) throws {
        let width = rows.map(\.0.count).max() ?? 0
        for (name, value) in rows { try output.line("\(Printable.padded(name, to: width))  \(value)") }
    }

    // MARK: For people

    private static let atRest = ("memory", "none: the store is at rest")

    private static func disk(_ statistics: StoreStatistics) -> [(String, String)] {
        [
            ("identity", statistics.identity),
            ("cells on disk", Printable.grouped(statistics.cellsOnDisk)),
            ("disk", "\(Printable.counted(statistics.diskBytes, "byte")) in pages of \(statistics.pageSize)"),
            ("free pages", Printable.grouped(statistics.freePages)),
            ("map", Printable.counted(statistics.mapSize, "byte")),
            ("last transaction", "\(statistics.lastTransaction)"),
            ("tables", Printable.grouped(statistics.tables)),
            ("readers", statistics.readers.map(readers) ?? "cannot be seen"),
        ]
    }

    private static func readers(_ readers: StoreStatistics.ReaderStatistics) -> String {
        "\(readers.inUse) of \(readers.maximum) slots, \(readers.reading) reading, the oldest "
            + "\(Printable.counted(Int(clamping: readers.oldestLag), "transaction")) behind, \(readers.dead) dead"
    }

    private static func memory(_ segment: StoreStatistics.SegmentStatistics) -> [(String, String)] {
        [
            ("memory", "\(Printable.counted(segment.size, "byte")) in \(Printable.line("/dev/shm\(segment.name)"))"),
            ("memory used", Printable.counted(segment.used, "byte")),
            ("on free lists", Printable.counted(segment.free, "byte")),
            ("cells in memory", Printable.grouped(segment.cells)),
            ("processes", Printable.grouped(segment.attachments)),
            ("checkpointer", segment.checkpointer.map { "process \($0)" } ?? "none"),
            ("checkpoints", "\(segment.lastCheckpoint) on disk, \(segment.begunCheckpoints) begun"),
            ("last checkpoint", lastCheckpoint(segment)),
            ("to be written", segment.isDirty ? "yes" : "nothing"),
        ]
    }

    private static func lastCheckpoint(_ segment: StoreStatistics.SegmentStatistics) -> String {
        guard segment.lastCheckpointNanoseconds > 0 else { return "none yet" }
        let bytes = Printable.counted(Int(clamping: segment.lastCheckpointBytes), "byte")
        let chunks = Printable.counted(Int(clamping: segment.lastCheckpointChunks), "chunk")
        let microseconds = Printable.grouped(Int(clamping: segment.lastCheckpointNanoseconds / 1000))
        return "\(bytes) in \(chunks), took \(microseconds) microseconds"
    }

    // MARK: For programs

    static func json(_ statistics: StoreStatistics) -> String {
        var line = JSONLine()
        line.add("identity", statistics.identity)
        line.add("cells_on_disk", statistics.cellsOnDisk)
        line.add("disk_bytes", statistics.diskBytes)
        line.add("page_size", statistics.pageSize)
        line.add("free_pages", statistics.freePages)
        line.add("map_size", statistics.mapSize)
        line.add("last_transaction", statistics.lastTransaction)
        line.add("tables", statistics.tables)
        line.add("readers", json: statistics.readers.map(json) ?? "null")
        line.add("segment", json: statistics.segment.map(json) ?? "null")
        return line.closed
    }

    private static func json(_ readers: StoreStatistics.ReaderStatistics) -> String {
        var line = JSONLine()
        line.add("in_use", readers.inUse)
        line.add("maximum", readers.maximum)
        line.add("reading", readers.reading)
        line.add("oldest_lag", readers.oldestLag)
        line.add("dead", readers.dead)
        return line.closed
    }

    private static func json(_ segment: StoreStatistics.SegmentStatistics) -> String {
        var line = JSONLine()
        line.add("name", segment.name)
        line.add("size", segment.size)
        line.add("used", segment.used)
        line.add("free", segment.free)
        line.add("cells", segment.cells)
        line.add("attachments", segment.attachments)
        line.add("last_checkpoint", segment.lastCheckpoint)
        line.add("begun_checkpoints", segment.begunCheckpoints)
        line.add("last_checkpoint_nanoseconds", segment.lastCheckpointNanoseconds)
        line.add("last_checkpoint_bytes", segment.lastCheckpointBytes)
        line.add("last_checkpoint_chunks", segment.lastCheckpointChunks)
        line.add("dirty", segment.isDirty)
        line.add("checkpointer", json: segment.checkpointer.map { "\($0)" } ?? "null")
        return line.closed
    }
}

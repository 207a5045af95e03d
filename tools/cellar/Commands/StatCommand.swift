import ArgumentParser
import Cellar

struct StatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stat", abstract: "Prints figures of a store, or of one of its queues.",
        discussion: """
            Memory, disk, checkpoints; of a store at rest there are only those of the disk. Memory is fragmented as far as what is \
            free is not one block. What is to be written waits for the next checkpoint. Of a queue how many items are in \
            which state (taken: got for good, and not marked done), how old the oldest is, and which process has which.

              cellar stat robot.cellar
              cellar stat robot.cellar --bytes
              cellar stat robot.cellar jobs
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "A queue's name.", completion: Completions.name) var queue: String?
    @Flag(help: "Sizes in bytes, exactly.") var bytes = false
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
            try Self.write(StoreFigures(statistics, ByteStyle(exact: bytes)).rows, to: output)
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
        line.add("last_checkpoint_at", json: ended(segment).map { CellContent.escape($0) } ?? "null")
        line.add("dirty", segment.isDirty)
        line.add("dirty_cells", segment.dirtyCells)
        line.add("dirty_bytes", segment.dirtyBytes)
        line.add("checkpointer", json: segment.checkpointer.map { "\($0)" } ?? "null")
        line.add("free_blocks", segment.freeBlocks.blocks)
        line.add("largest_free", segment.freeBlocks.largest)
        line.add("free_classes", json: "[" + segment.freeBlocks.classes.map(json).joined(separator: ", ") + "]")
        return line.closed
    }

    private static func ended(_ segment: StoreStatistics.SegmentStatistics) -> String? {
        segment.lastCheckpointEnded == 0 ? nil : SystemCall.universalTime(nanoseconds: segment.lastCheckpointEnded)
    }

    private static func json(_ blocks: FreeMemory.SizeClass) -> String {
        var line = JSONLine()
        line.add("limit", blocks.limit)
        line.add("blocks", blocks.blocks)
        line.add("bytes", blocks.byteCount)
        return line.closed
    }
}

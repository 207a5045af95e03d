import Cellar

/// What a listing says of a cell or table, without its content.
struct CellFacts {
    var kind: String
    var count: String?
    /// Bytes of content, where that can be said.
    var byteCount: Int?
    var kept: String
    /// How often it was written, where somebody counts.
    var version: UInt64?
    var place: String
    var type: String

    /// What the listing itself tells.
    init(_ cell: CellInfo) {
        kind = cell.kind.rawValue
        count = cell.kind == .array ? "\(cell.count)" : nil
        byteCount = Self.byteCount(cell)
        kept = cell.persistence.rawValue
        place = cell.isInMemory ? "memory" : "disk"
        type =
            cell.entries == nil
            ? Printable.line(cell.elementType ?? cell.form ?? cell.schema.description) : DictionaryLines.types(cell)
    }

    /// And what a look at the cell tells.
    init(_ cell: CellInfo, in store: Store, withVersion: Bool) throws {
        self.init(cell)
        if cell.kind == .dictionary { count = "\(try store.untypedDictionary(cell.name).count())" }
        if cell.kind == .queue, let queue = try store.queueIfAny(cell.name) {
            count = "\(try queue.depth().unfinished)"
        }
        if cell.isInMemory, let more = try StructureLines.row(cell, in: store) {
            (count, type) = (more.count, more.type)
        }
        if withVersion, cell.isInMemory { version = try Self.version(cell, in: store) }
    }

    init(_ table: UntypedTable) throws {
        let info = table.info
        kind = info.kind.rawValue
        count = "\(try table.count())"
        kept = "disk"
        place = "disk"
        type = Printable.line("\(info.keyType): \(info.valueType)")
    }

    /// Locks and the like have none of a person's.
    static func byteCount(_ cell: CellInfo) -> Int? {
        switch cell.kind {
        case .value, .array, .block, .list, .log, .queue: cell.byteCount
        default: nil
        }
    }

    private static func version(_ cell: CellInfo, in store: Store) throws -> UInt64? {
        switch cell.kind {
        case .value: try store.cell(cell.name).storeCount
        case .block: try store.block(cell.name).generation
        default: nil
        }
    }
}

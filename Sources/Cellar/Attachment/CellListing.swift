import Glibc

/// What cells a store has, as somebody who looks can tell.
public struct CellListing: Sendable {
    /// By name, in the order of their UTF-8 bytes.
    public var cells: [CellInfo] = []
    /// What there is besides, and cannot be read, in memory and on disk.
    public var damaged: [StoreError] = []
}

extension Attachment {
    /// All cells: those in memory as memory has them, and the disk's others.
    func listing() throws(StoreError) -> CellListing {
        try checkUsable()
        let (memory, damaged) = try namesInMemory()
        let order = memory.order()
        var listing = try catalogue.database.read { (transaction) throws(StoreError) in
            var merge = ListingMerge(memory, order, self)
            do throws(StoreError) {
                try catalogue.forEachCellText(in: transaction) { (name, record) throws(StoreError) in
                    merge.add(name, record)
                }
            } catch {
                merge.note(error)
            }
            return merge.finished()
        }
        listing.damaged = damaged + listing.damaged
        return listing
    }

    private func namesInMemory() throws(StoreError) -> (ListedNames, damaged: [StoreError]) {
        var names = ListedNames()
        var damaged: [StoreError] = []
        guard let segment else { return (names, damaged) }
        var schemas = ListedSchemas(segment)
        try CellTable(segment: segment).forEachCell { cell throws(StoreError) in
            guard cell.state == .live || cell.state == .loading else { return }
            names.add(try info(cell, &schemas))
        } damaged: { error throws(StoreError) in
            damaged.append(error)
        }
        return (names, damaged)
    }

    /// As `info`, with each type description read once.
    private func info(_ cell: CellHeader, _ schemas: inout ListedSchemas) throws(StoreError) -> CellInfo {
        guard cell.kind == .value || cell.kind == .array else { return try info(cell) }
        return CellInfo(
            name: try cell.name(), kind: cell.kind == .array ? .array : .value,
            schema: try schemas.schema(at: cell.schema), count: Int(clamping: cell.count),
            persistence: cell.isVolatile ? .volatile : .persistent, isInMemory: true)
    }
}

/// The type descriptions that were read already.
private struct ListedSchemas {
    private let table: SchemaTable
    private var known: [UInt64: Schema] = [:]
    private var last: (offset: UInt64, schema: Schema)?

    init(_ segment: Segment) { table = SchemaTable(segment: segment) }

    mutating func schema(at offset: UInt64) throws(StoreError) -> Schema {
        if let last, last.offset == offset { return last.schema }
        var found = known[offset]
        if found == nil { found = try table.schema(at: offset) }
        let schema = found!
        known[offset] = schema
        last = (offset, schema)
        return schema
    }
}

/// Cells with the bytes of their names side by side, so that a million of them are sorted in a fraction of a second.
struct ListedNames {
    private(set) var cells: [CellInfo] = []
    private var bytes: [UInt8] = []
    private var starts: [Int] = [0]

    mutating func add(_ cell: CellInfo) {
        bytes.append(contentsOf: cell.name.utf8)
        starts.append(bytes.count)
        cells.append(cell)
    }

    /// A cell's place, and the eight bytes of its name that are being compared, the first of them on top.
    private struct Key {
        var word: UInt64
        var index: Int
    }

    /// The places of the cells in the order of their names: eight bytes of all, then eight more of those that have the same.
    func order() -> [Int] {
        var keys = cells.indices.map { Key(word: 0, index: $0) }
        var open = [(range: 0..<keys.count, depth: 0)]
        while let (range, depth) = open.popLast() {
            for place in range { keys[place].word = word(keys[place].index, depth) }
            keys[range].sort { $0.word < $1.word }
            var start = range.lowerBound
            for place in range where place + 1 == range.upperBound || keys[place + 1].word != keys[place].word {
                // A byte of zero on the end: none of them has more, unless damaged memory says so.
                if place > start, keys[place].word & 0xFF != 0 { open.append((start..<place + 1, depth + 8)) }
                start = place + 1
            }
        }
        return keys.map(\.index)
    }

    private func word(_ index: Int, _ depth: Int) -> UInt64 {
        let (start, end) = (starts[index] + depth, starts[index + 1])
        if start + 8 <= end {
            return unsafe UInt64(
                bigEndian: bytes.span.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self))
        }
        var word: UInt64 = 0
        for place in start..<start + 8 { word = word << 8 | (place < end ? UInt64(bytes[place]) : 0) }
        return word
    }

    /// Less than, equal to, or greater than zero, as the cell's name sorts before, with or after the other.
    func compare(_ index: Int, with other: RawSpan) -> Int32 {
        let (start, end) = (starts[index], starts[index + 1])
        let common = min(end - start, other.byteCount)
        let result = unsafe bytes.span.bytes.withUnsafeBytes { own in
            unsafe other.withUnsafeBytes { other in
                common == 0 ? 0 : unsafe memcmp(own.baseAddress! + start, other.baseAddress!, common)
            }
        }
        return result != 0 ? result : Int32(clamping: end - start - other.byteCount)
    }
}

/// Puts the cells in memory and those that only the disk has into one order.
private struct ListingMerge {
    private let memory: ListedNames
    private let order: [Int]
    private let attachment: Attachment
    private var next = 0
    private var records: ListedRecords
    private var listing = CellListing()

    init(_ memory: ListedNames, _ order: [Int], _ attachment: Attachment) {
        (self.memory, self.order, self.attachment) = (memory, order, attachment)
        records = ListedRecords(attachment)
        listing.cells.reserveCapacity(order.count)
    }

    mutating func note(_ error: StoreError) { listing.damaged.append(error) }

    /// The disk's next cell.
    mutating func add(_ name: RawSpan, _ record: RawSpan) {
        while next < order.count {
            let comparison = memory.compare(order[next], with: name)
            if comparison > 0 { break }
            listing.cells.append(memory.cells[order[next]])
            next += 1
            // Memory decides.
            if comparison == 0 { return }
        }
        let name = String(decoding: name.copiedBytes, as: UTF8.self)
        do throws(StoreError) {
            guard try !attachment.isInMemory(name) else { return }
            listing.cells.append(try records.info(name, record))
        } catch {
            note(error)
        }
    }

    mutating func finished() -> CellListing {
        listing.cells.append(contentsOf: order[next...].map { memory.cells[$0] })
        return listing
    }
}

/// What records on disk say. Many differ in the name and the identity alone: each text is read once.
private struct ListedRecords {
    private let attachment: Attachment
    private var known: [[UInt8]: CellInfo] = [:]
    private var last: (text: [UInt8], info: CellInfo)?
    private static let mostKnown = 1024

    init(_ attachment: Attachment) { self.attachment = attachment }

    mutating func info(_ name: String, _ record: RawSpan) throws(StoreError) -> CellInfo {
        guard record.byteCount <= CellRecord.maximumByteCount else { throw unreadable(name) }
        let text = record.copiedBytes
        guard let space = text.firstIndex(of: UInt8(ascii: " ")), text.starts(with: "uid=".utf8),
            let _: UInt64 = DecimalText.parse(text[4..<max(space, 4)])
        else { throw unreadable(name) }
        let rest = text[space...]
        if let last, rest.elementsEqual(last.text) {
            var info = last.info
            info.name = name
            return info
        }
        return try read(name, text, Array(rest))
    }

    private mutating func read(_ name: String, _ text: [UInt8], _ rest: [UInt8]) throws(StoreError) -> CellInfo {
        if var info = known[rest] {
            last = (rest, info)
            info.name = name
            return info
        }
        guard let record = CellRecord(parsing: text) else { throw unreadable(name) }
        let info = try attachment.info(record, name: name)
        if known.count >= Self.mostKnown { known = [:] }
        known[rest] = info
        last = (rest, info)
        return info
    }

    private func unreadable(_ name: String) -> StoreError {
        StoreError(.corruptDatabase, "the record of the cell '\(name)' on disk cannot be read")
    }
}

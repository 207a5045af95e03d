import Glibc

/// What cells a store has, as somebody who looks can tell.
///
/// A million cells have few different types: what a cell is besides its name is kept once for all that are the same.
public struct CellListing: Sendable {
    /// One cell.
    public struct Entry: Sendable, Hashable {
        /// The name that it is asked for by.
        public var name: String
        /// Which of `kinds` it is.
        public var kind: Int
    }

    /// By name, in the order of their UTF-8 bytes.
    public internal(set) var entries: [Entry] = []
    /// What they are, each with an empty name.
    public internal(set) var kinds: [CellInfo] = []
    /// What there is besides, and cannot be read, in memory and on disk.
    public internal(set) var damaged: [StoreError] = []

    /// What the cell is.
    public func info(_ entry: Entry) -> CellInfo {
        var info = kinds[entry.kind]
        info.name = entry.name
        return info
    }
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
        var plain = PlainCellKinds(segment)
        try CellTable(segment: segment).forEachCell { cell throws(StoreError) in
            guard cell.state == .live || cell.state == .loading else { return names.addGone(try cell.name()) }
            guard let name = unsafe try cell.nameBytes() else {
                throw segment.corrupt("the cell at \(cell.offset) has no name")
            }
            unsafe names.add(
                name, kind: try plain.kind(of: cell, &names.kinds) { cell throws(StoreError) in try info(cell) })
        } damaged: { error throws(StoreError) in
            damaged.append(error)
        }
        return (names, damaged)
    }
}

/// What cells are, with an empty name, each kept once.
struct ListedKinds {
    private(set) var all: [CellInfo] = []
    private var places: [CellInfo: Int] = [:]

    mutating func place(of info: CellInfo) -> Int {
        var nameless = info
        nameless.name = ""
        if let place = places[nameless] { return place }
        places[nameless] = all.count
        all.append(nameless)
        return all.count - 1
    }
}

/// Recognises the values and arrays that are like the last one, or another one before.
private struct PlainCellKinds {
    private struct Traits: Hashable {
        var kind: CellKind?
        var schema: UInt64
        var count: UInt64
        var isVolatile: Bool
    }

    private let segment: Segment
    private var known: [Traits: Int] = [:]
    private var last: (traits: Traits, place: Int)?

    init(_ segment: Segment) { self.segment = segment }

    mutating func kind(
        of cell: CellHeader, _ kinds: inout ListedKinds, _ read: (CellHeader) throws(StoreError) -> CellInfo
    ) throws(StoreError) -> Int {
        guard cell.kind == .value || cell.kind == .array else { return kinds.place(of: try read(cell)) }
        let traits = Traits(kind: cell.kind, schema: cell.schema, count: cell.count, isVolatile: cell.isVolatile)
        if let last, last.traits == traits { return last.place }
        var place = known[traits]
        if place == nil { place = kinds.place(of: try read(cell)) }
        known[traits] = place
        last = (traits, place!)
        return place!
    }
}

/// Cells with the bytes of their names side by side, so that a million of them are sorted in a fraction of a second.
struct ListedNames {
    var kinds = ListedKinds()
    private var kindPlaces: [Int] = []
    private var bytes: [UInt8] = []
    private var starts: [Int] = [0]

    @unsafe
    mutating func add(_ name: UnsafeRawBufferPointer, kind: Int) {
        unsafe bytes.append(contentsOf: name)
        starts.append(bytes.count)
        kindPlaces.append(kind)
    }

    /// Names whose cells are gone in memory: the disk may still have them when it is looked at, and memory forget them before that.
    private(set) var gone: Set<String> = []

    mutating func addGone(_ name: String) { gone.insert(name) }

    func entry(_ index: Int) -> CellListing.Entry {
        let name = unsafe bytes.span.bytes.withUnsafeBytes { bytes in
            unsafe String(decoding: bytes[starts[index]..<starts[index + 1]], as: UTF8.self)
        }
        return CellListing.Entry(name: name, kind: kindPlaces[index])
    }

    /// A cell's place, and the eight bytes of its name that are being compared, the first of them on top.
    private struct Key {
        var word: UInt64
        var index: Int
    }

    /// The places of the cells in the order of their names: eight bytes of all, then eight more of those that have the same.
    func order() -> [Int] {
        var keys = kindPlaces.indices.map { Key(word: 0, index: $0) }
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
    private var kinds: ListedKinds
    private var records = ListedRecords()
    private var listing = CellListing()

    init(_ memory: ListedNames, _ order: [Int], _ attachment: Attachment) {
        (self.memory, self.order, self.attachment) = (memory, order, attachment)
        kinds = memory.kinds
        listing.entries.reserveCapacity(order.count)
    }

    mutating func note(_ error: StoreError) { listing.damaged.append(error) }

    /// The disk's next cell.
    mutating func add(_ name: RawSpan, _ record: RawSpan) {
        while next < order.count {
            let comparison = memory.compare(order[next], with: name)
            if comparison > 0 { break }
            listing.entries.append(memory.entry(order[next]))
            next += 1
            // Memory decides.
            if comparison == 0 { return }
        }
        let name = unsafe name.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        do throws(StoreError) {
            guard !memory.gone.contains(name), try !attachment.isInMemory(name) else { return }
            let kind = try records.kind(name, record, attachment, &kinds)
            listing.entries.append(CellListing.Entry(name: name, kind: kind))
        } catch {
            note(error)
        }
    }

    mutating func finished() -> CellListing {
        listing.entries.append(contentsOf: order[next...].map { memory.entry($0) })
        listing.kinds = kinds.all
        return listing
    }
}

/// What records on disk say. Many differ in the identity alone: each text is read once.
private struct ListedRecords {
    private var known: [[UInt8]: Int] = [:]
    private var last: (text: [UInt8], kind: Int)?
    private static let mostKnown = 1024

    mutating func kind(
        _ name: String, _ record: RawSpan, _ attachment: Attachment, _ kinds: inout ListedKinds
    ) throws(StoreError) -> Int {
        guard record.byteCount <= CellRecord.maximumByteCount, let start = Self.restStart(record) else {
            throw Self.unreadable(name)
        }
        let rest = record.extracting(start..<record.byteCount)
        if let last, Self.areEqual(last.text, rest) { return last.kind }
        let text = rest.copiedBytes
        var kind = known[text]
        if kind == nil {
            guard let read = CellRecord(parsing: record.copiedBytes) else { throw Self.unreadable(name) }
            kind = kinds.place(of: try attachment.info(read, name: name))
            if known.count >= Self.mostKnown { known = [:] }
            known[text] = kind
        }
        last = (text, kind!)
        return kind!
    }

    /// Where the text after the identity begins; nil if there is none.
    private static func restStart(_ record: RawSpan) -> Int? {
        unsafe record.withUnsafeBytes { bytes in
            guard unsafe bytes.starts(with: "uid=".utf8), let space = unsafe bytes.firstIndex(of: UInt8(ascii: " ")),
                let _: UInt64 = unsafe DecimalText.parse(bytes[4..<max(space, 4)])
            else { return nil }
            return space
        }
    }

    private static func areEqual(_ left: [UInt8], _ right: RawSpan) -> Bool {
        guard left.count == right.byteCount, !left.isEmpty else { return left.count == right.byteCount }
        return unsafe right.withUnsafeBytes { right in
            unsafe left.withUnsafeBytes { unsafe memcmp($0.baseAddress!, right.baseAddress!, right.count) == 0 }
        }
    }

    private static func unreadable(_ name: String) -> StoreError {
        StoreError(.corruptDatabase, "the record of the cell '\(name)' on disk cannot be read")
    }
}

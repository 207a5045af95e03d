import Cellar

/// Looks at one cell again and again, and counts its changes. Writes nothing.
struct CellProbe {
    private enum Source {
        /// Each store is counted.
        case value(UntypedCell)
        /// Whether it is another than at the last look.
        case word(UntypedCell)
        /// One window after another, since all of it may be much.
        case array(UntypedCell, ArrayWindows)
        /// By how much the number of entries moved on, and whether entries are others.
        case dictionary(UntypedDictionary, DictionaryParts)
        /// By how much a count moved on.
        case count(() throws(StoreError) -> UInt64)
    }

    private var source: Source
    private var number: UInt64?
    private var version: CellVersion?
    private(set) var changes: UInt64 = 0
    private(set) var looks = 0
    /// Whether changes between two looks are seen as one.
    let isSampled: Bool

    /// Nil where there is nothing to see of changes.
    init?(_ info: CellInfo, in store: Store) throws(StoreError) {
        guard info.isInMemory else { return nil }
        switch info.kind {
        case .value:
            let cell = try store.cell(info.name)
            source = cell.storeCount == nil ? .word(cell) : .value(cell)
        case .array:
            source = .array(try store.cell(info.name), ArrayWindows(info))
        case .dictionary:
            source = .dictionary(try store.untypedDictionary(info.name), DictionaryParts())
        case .list:
            let list = try store.untypedList(info.name)
            source = .count { () throws(StoreError) in UInt64(clamping: try list.count()) }
        case .log:
            let log = try store.untypedLog(info.name)
            source = .count { log.offsets.upperBound }
        case .queue:
            let queue = try store.untypedQueue(info.name)
            source = .count { queue.putCount ?? 0 }
        default: return nil
        }
        if case .word = source { isSampled = true } else { isSampled = info.kind == .array || info.kind == .dictionary }
    }

    /// How often it was looked at and changed since this was last asked.
    mutating func take() -> (changes: UInt64, looks: Int) {
        defer { (changes, looks) = (0, 0) }
        return (changes, looks)
    }

    mutating func look() throws(StoreError) {
        looks += 1
        switch source {
        case .value(let cell): note(cell.storeCount ?? 0)
        case .count(let count): note(try count())
        case .word(let cell):
            let now = try cell.version()
            if version != nil, now != version { changes += 1 }
            version = now
        case .dictionary(let dictionary, var parts):
            let before = changes
            note(UInt64(clamping: try dictionary.count()))
            if try parts.look(dictionary), changes == before { changes += 1 }
            source = .dictionary(dictionary, parts)
        case .array(let cell, var windows):
            if try windows.look(cell) { changes += 1 }
            source = .array(cell, windows)
        }
    }

    private mutating func note(_ now: UInt64) {
        if let number { changes += now > number ? now - number : number - now }
        number = now
    }
}

/// Which part of an array comes next, and what the parts were when they were last looked at.
private struct ArrayWindows {
    private var versions: [CellVersion?]
    private var next = 0
    private let elements: Int
    private let count: Int
    private static let size = 1 << 20

    init(_ info: CellInfo) {
        count = info.count
        elements = max(Self.size / max(info.schema.stride, 1), 1)
        versions = Array(repeating: nil, count: info.count == 0 ? 0 : (info.count - 1) / elements + 1)
    }

    /// Whether the next part is another than the last time.
    mutating func look(_ cell: UntypedCell) throws(StoreError) -> Bool {
        if versions.isEmpty { return false }
        let start = next * elements
        let now = try cell.version(of: start..<min(start + elements, count))
        let isChanged = versions[next] != nil && versions[next] != now
        versions[next] = now
        next = (next + 1) % versions.count
        return isChanged
    }
}

/// What the parts of a dictionary were when they were last looked at.
private struct DictionaryParts {
    private var versions = [CellVersion?](repeating: nil, count: UntypedDictionary.partCount)
    private var next = 0
    /// Of so many entries all parts are looked at each time; of more only one.
    private static let few = 50_000

    /// Whether a part is another than the last time.
    mutating func look(_ dictionary: UntypedDictionary) throws(StoreError) -> Bool {
        if try dictionary.count() > Self.few { return try lookAtNext(dictionary) }
        var isChanged = false
        for _ in versions { if try lookAtNext(dictionary) { isChanged = true } }
        return isChanged
    }

    private mutating func lookAtNext(_ dictionary: UntypedDictionary) throws(StoreError) -> Bool {
        let now = try dictionary.version(ofPart: next)
        let isChanged = versions[next] != nil && versions[next] != now
        versions[next] = now
        next = (next + 1) % versions.count
        return isChanged
    }
}

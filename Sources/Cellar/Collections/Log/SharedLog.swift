/// A log between processes: entries are appended, numbered from 0 on, and read by any number of readers, each at its own place.
///
/// It keeps the last entries: as many as its capacity, and of those no more bytes, and none older, than it was told to keep.
/// Elements are plain values, text, bytes, or what a codec makes bytes of. Reading takes no lock, and any number of processes
/// can read what is there as often as they like; a *group* remembers how far it has come, over restarts too. An entry is there
/// as a whole or not at all, whoever is killed. A persistent log goes to disk with the next checkpoint, as cells do.
///
/// A handle can be copied and sent anywhere.
public struct SharedLog<Element: Sendable>: Sendable {
    let core: LogCore
    let codec: ValueCodec<Element>

    init(_ core: LogCore, _ codec: ValueCodec<Element>) {
        self.core = core
        self.codec = codec
    }

    /// An entry.
    public struct Entry: Sendable {
        /// Its number, never given twice.
        public let offset: UInt64
        /// When it was appended: milliseconds since 1970, to some milliseconds. Never less than that of the one before.
        public let time: UInt64
        /// What was appended.
        public let element: Element
    }

    // MARK: Appending

    /// Appends an element; returns its offset. The oldest goes where there is no room. With `sync`, returns when it is on disk.
    ///
    /// O(1). Waits for the log's lock as long as the store's `lockTimeout`. Throws `.invalidValue` for an element that is too
    /// long, `.readOnly`, `.removed`, `.timedOut`.
    @discardableResult
    public func append(_ element: Element, sync: Bool = false) throws(StoreError) -> UInt64 {
        try append(contentsOf: CollectionOfOne(element), sync: sync)
    }

    /// Appends several, between which no others come; returns the offset of the first.
    @discardableResult
    public func append(contentsOf elements: some Sequence<Element>, sync: Bool = false) throws(StoreError) -> UInt64 {
        var encoded: [[UInt8]] = []
        for element in elements {
            unsafe try codec.encode(element) { (bytes) throws(StoreError) in encoded.append(unsafe [UInt8](bytes)) }
        }
        let first = try core.append(encoded)
        if sync { try self.sync() }
        return first
    }

    // MARK: Reading

    /// The offsets of what is kept. Takes no lock.
    public var offsets: Range<UInt64> {
        let (first, next) = core.memory.range
        return first..<next
    }

    /// Up to `most` entries from `offset` on, or from the oldest that is kept if that one has been dropped. Takes no lock, does
    /// not wait. Throws `.invalidValue` where bytes are no element of the type, `.corruptSegment`, `.removed`.
    public func entries(from offset: UInt64 = 0, upTo most: Int = .max) throws(StoreError) -> [Entry] {
        var entries: [Entry] = []
        try core.read(from: offset, upTo: most) { (number, time, bytes) throws(StoreError) in
            entries.append(Entry(offset: number, time: time, element: try element(bytes)))
        }
        return entries
    }

    /// The same, waiting until there is at least one. Throws `.timedOut` after `timeout`; nil waits for as long as it takes.
    public func entries(
        from offset: UInt64, upTo most: Int = .max, timeout: Duration?
    ) throws(StoreError) -> [Entry] {
        precondition(most > 0, "at least one entry is asked for")
        let deadline = MonotonicClock.deadline(after: timeout)
        while true {
            guard try core.wait(for: offset, until: deadline) else { throw nothingCame }
            let found = try entries(from: offset, upTo: most)
            if !found.isEmpty { return found }
        }
    }

    /// The offset of the first entry that was appended `time` milliseconds after the beginning of 1970, or later. O(log
    /// entries). Takes no lock.
    public func offset(at time: UInt64) -> UInt64 { core.number(at: time) }

    func element(_ bytes: [UInt8]) throws(StoreError) -> Element {
        unsafe try bytes.span.withUnsafeBytes { (raw) throws(StoreError) in unsafe try codec.decode(raw) }
    }

    var nothingCame: StoreError {
        StoreError(
            .timedOut,
            "nothing was appended to the log '\(core.cell.name)': wait longer, or see who should append something")
    }

    // MARK: Groups

    /// The group of consumers `name`; one that begins at `offset`, or with the oldest entry, if there is none. A name has up to
    /// 48 bytes, a log up to 64 groups.
    public func group(_ name: String, from offset: UInt64? = nil) throws(StoreError) -> LogGroup<Element> {
        LogGroup(log: self, name: name, index: try core.group(name, from: offset))
    }

    /// The names of all groups, and where they are.
    public func groups() throws(StoreError) -> [(name: String, position: UInt64)] {
        try core.checkThere()
        return core.groups
    }

    // MARK: State

    /// The most entries that are kept.
    public var capacity: Int { core.shape.capacity }

    /// Waits until all changes so far, and everything else stored before, is on disk. See `Store.sync`.
    public func sync() throws(StoreError) {
        guard !core.cell.isVolatile else {
            throw StoreError(
                .mismatch,
                "the log '\(core.cell.name)' is volatile, and never on disk: make a persistent one to sync it")
        }
        try core.attachment.sync(timeout: .seconds(30))
    }

    /// Whether the log was removed since the handle was made.
    public var isRemoved: Bool { core.cell.reference.cell.isRemoved }
}

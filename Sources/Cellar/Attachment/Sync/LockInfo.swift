/// A lock or signal, who holds it and who waits for it, as of about now.
public struct LockInfo: Sendable, Hashable {
    /// Its name in the store.
    public var name: String
    /// What kind of lock or signal; `value` or `array` for a cell whose own lock is held.
    public var kind: CellInfo.Kind
    /// What it is, on one line; nil where the holders say it all.
    public var state: String?
    /// Of a condition, the name of its mutex; nil where that is gone.
    public var mutex: String?
    /// Who has it, the first to come first.
    public var holders: [Party]
    /// In the order in which they came. Who waits for a mutex, or for a cell's own lock, is not known.
    public var waiters: [Party]

    /// Who holds something, or waits for it.
    public struct Party: Sendable, Hashable {
        /// The name that the process opened the store with; empty where it left none.
        public var processName: String
        /// In the pid namespace of the process itself; 0 where the process left no name.
        public var processID: Int32
        /// Whether the process lives. What a dead one holds comes back when the next looks.
        public var isAlive: Bool
        /// Shared or exclusive, or how many permits; nil for who waits for a signal.
        public var mode: Mode?
        /// How long it holds it, or waits; of mutexes, and of cells' locks that are held for short, at least so long, and nil where
        /// nobody waited for it.
        public var duration: Duration?
        /// The number of the process's attachment, `AttachmentInfo.id`; nil where it left none, or is put away.
        public var attachmentID: UInt64?
        /// The kernel's number of the thread that has it, in the process's pid namespace: of mutexes and of cells' locks. Of others,
        /// which belong to a process, it is nil.
        public var threadID: Int32?
    }

    /// How something is held, or asked for.
    public enum Mode: Sendable, Hashable, CustomStringConvertible {
        /// With others that share it; alone.
        case shared, exclusive
        /// So many of a semaphore.
        case permits(Int)

        /// For people: "shared", "exclusive", "2 permits".
        public var description: String {
            switch self {
            case .shared: "shared"
            case .exclusive: "exclusive"
            case .permits(let count): count == 1 ? "1 permit" : "\(count) permits"
            }
        }
    }
}

/// Reads who holds what out of memory. Takes no lock and writes nothing.
struct LockListing {
    let segment: Segment
    private let now = MonotonicClock.coarseMilliseconds()
    private let mutexes: CellNames

    init(segment: Segment) {
        self.segment = segment
        mutexes = CellNames(segment: segment)
    }

    /// What of the cell's can be held; nil for other cells, unless somebody holds their own lock.
    func info(_ cell: CellHeader) throws(StoreError) -> LockInfo? {
        guard cell.state == .live, let kind = cell.kind, kind != .droppedName else { return nil }
        if kind == .structure, let info = try structure(cell) { return info }
        let isHeld = cell.lock.isHeld || cell.lock.isAbandoned
        guard isHeld, kind == .value || kind == .array else { return nil }
        return LockInfo(
            name: try cell.name(), kind: kind == .value ? .value : .array, holders: holder(of: cell), waiters: [])
    }

    /// Nil for a structure that is no lock or signal.
    private func structure(_ cell: CellHeader) throws(StoreError) -> LockInfo? {
        let reference = try StructureReference(cell)
        let form = try reference.form
        guard let shape = SyncShape(parsing: form.text, form.kind),
            let kind = CellInfo.Kind(rawValue: form.kind.rawValue)
        else { return nil }
        var info = LockInfo(name: try cell.name(), kind: kind, holders: [], waiters: [])
        let table = PartyTable(reference, shape)
        if kind == .mutex {
            info.holders = holder(of: cell)
        } else {
            info.holders = table.parties(.holding).map { party($0, $0.state) }
            info.waiters = table.parties(.waiting).map { party($0, $0.state) }
        }
        info.state = state(shape, table, reference)
        if kind == .condition { info.mutex = try mutexes.name(of: UInt64(shape.mutex)) }
        return info
    }

    private func state(_ shape: SyncShape, _ table: PartyTable, _ reference: StructureReference) -> String? {
        let grants = Grants(table: table, shape: shape)
        switch shape.kind {
        case .mutex:
            let isAbandoned = table.word.acquire() == 1 && reference.whole.acquire() != 1
            return isAbandoned ? "a holder died, and nobody recovered" : nil
        case .semaphore:
            let available = max(grants.permits - table.survey().permits, 0)
            return "\(available) of \(grants.permits) available"
        case .event: return table.word.acquire() == 1 ? "set" : "clear"
        case .barrier:
            let (round, isBroken) = grants.round
            let waiting = table.parties(.waiting).count { $0.round.relaxed() == round }
            return isBroken ? "broken" : "\(waiting) of \(shape.count) wait"
        case .latch: return "\(max(shape.count - Int(clamping: table.word.acquire()), 0)) of \(shape.count) left"
        case .once: return table.word.acquire() == 1 ? "done" : "not done"
        case .recursiveMutex, .readWriteLock, .condition: return nil
        case .queue, .log, .pipe, .list, .block: return nil
        }
    }

    // MARK: Parties

    private func party(_ party: Party, _ state: PartyState) -> LockInfo.Party {
        let slot = Int(party.slot.acquire())
        let info = ProcessTable(segment: segment).info(slot)
        let isSame = info?.id == party.attachment.relaxed()
        let mode: LockInfo.Mode? =
            switch state.how {
            case .shared: .shared
            case .exclusive: .exclusive
            case .permits, .scoped: .permits(state.amount)
            case .signal, nil: nil
            }
        return LockInfo.Party(
            processName: isSame ? info?.name ?? "" : "", processID: isSame ? info?.processID ?? 0 : 0,
            isAlive: isSame && info?.isAlive == true, mode: mode, duration: since(party.since.acquire()),
            attachmentID: isSame ? info?.id : nil)
    }

    /// The clock's 32 bits begin anew after 49 days: the difference is signed, and what began after the look has lasted no time.
    private func since(_ milliseconds: UInt32) -> Duration {
        .milliseconds(max(Int(Int32(bitPattern: now &- milliseconds)), 0))
    }

    /// Who holds the cell's own lock.
    private func holder(of cell: CellHeader) -> [LockInfo.Party] {
        let isAbandoned = cell.lock.isAbandoned
        guard isAbandoned || cell.lock.isHeld else { return [] }
        let holder = LockHolder(cell.holder.relaxed(), in: segment)
        return [
            LockInfo.Party(
                processName: holder.info?.name ?? "", processID: holder.info?.processID ?? 0,
                isAlive: !isAbandoned && holder.info?.isAlive == true, mode: .exclusive,
                duration: holder.heldMilliseconds.map { .milliseconds(Int($0)) }, attachmentID: holder.info?.id,
                threadID: cell.lock.holdingThread)
        ]
    }
}

/// Names of the cells in memory by their identities, read once when the first is asked for: conditions name their mutexes.
private final class CellNames {
    private let segment: Segment
    private var names: [UInt64: String]?

    init(segment: Segment) { self.segment = segment }

    /// Nil if there is no such cell. O(cells) the first time, then O(1).
    func name(of uid: UInt64) throws(StoreError) -> String? {
        if names == nil { names = try read() }
        return names?[uid]
    }

    private func read() throws(StoreError) -> [UInt64: String] {
        var names: [UInt64: String] = [:]
        try CellTable(segment: segment).forEachCell { cell throws(StoreError) in
            if cell.kind == .structure, cell.state == .live { names[cell.uid] = try cell.name() }
        } damaged: { _ throws(StoreError) in
            // What cannot be read is for `Store.check` to tell of.
        }
        return names
    }
}

extension Attachment {
    func locks() throws(StoreError) -> [LockInfo] {
        try checkUsable()
        guard let segment else { return [] }
        let listing = LockListing(segment: segment)
        var locks: [LockInfo] = []
        try CellTable(segment: segment).forEachCell { cell throws(StoreError) in
            if let info = try listing.info(cell) { locks.append(info) }
        } damaged: { _ throws(StoreError) in
            // What cannot be read is for `Store.check` to tell of.
        }
        return locks.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    func lock(named name: String) throws(StoreError) -> LockInfo? {
        try checkUsable()
        guard let segment, let cell = try liveCell(name, segment), cell.kind == .structure else { return nil }
        return try LockListing(segment: segment).info(cell)
    }
}

import Cellar

/// What each attached process has.
struct Holdings {
    /// What one of them has.
    struct Held {
        var isCheckpointer = false
        /// Locks and permits, and cells whose own lock it holds.
        var locks: [(name: String, mode: LockInfo.Mode?)] = []
        var leases: [(queue: String, count: Int)] = []
        var pipeEnds: [(pipe: String, side: String)] = []
    }

    /// By the number of the attachment.
    private var all: [UInt64: Held] = [:]

    init(_ store: Store, _ unreadable: Unreadable) throws {
        guard let segment = try store.statistics().segment else { return }
        if let id = segment.checkpointerID { all[id, default: Held()].isCheckpointer = true }
        for lock in try store.locks() {
            for holder in lock.holders {
                if let id = holder.attachmentID { all[id, default: Held()].locks.append((lock.name, holder.mode)) }
            }
        }
        let listing = try store.listing()
        unreadable.note(listing.damaged)
        for entry in listing.entries where listing.kinds[entry.kind].isInMemory {
            switch listing.kinds[entry.kind].kind {
            case .queue: try unreadable.attempt(entry.name) { try addLeases(entry.name, in: store) }
            case .pipe: try unreadable.attempt(entry.name) { try addEnds(entry.name, in: store) }
            default: break
            }
        }
    }

    func of(_ attachment: AttachmentInfo) -> Held { all[attachment.id] ?? Held() }

    private mutating func addLeases(_ name: String, in store: Store) throws {
        let holders = try store.untypedQueue(name).items().filter { $0.info.state == .leased }.compactMap(
            \.info.holderID)
        for (id, ids) in Dictionary(grouping: holders, by: { $0 }) {
            all[id, default: Held()].leases.append((name, ids.count))
        }
    }

    private mutating func addEnds(_ name: String, in store: Store) throws {
        let status = try store.pipe(name).status
        for (side, end) in [("first", status.first), ("second", status.second)] {
            if case .held(let holder) = end { all[holder.id, default: Held()].pipeEnds.append((name, side)) }
        }
    }
}

extension Holdings.Held {
    /// For people, a text for each thing.
    var texts: [String] {
        (isCheckpointer ? ["checkpointer"] : [])
            + locks.map { lock in
                let mode = lock.mode.map { $0 == .exclusive ? "" : " (\($0))" } ?? ""
                return "lock \(Printable.line(lock.name))\(mode)"
            }
            + leases.map { "\(Printable.counted($0.count, "lease")) of \(Printable.line($0.queue))" }
            + pipeEnds.map { "\($0.side) end of \(Printable.line($0.pipe))" }
    }
}

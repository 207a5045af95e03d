import CCellar

/// What a lock or signal is, and how much memory it takes.
///
/// The content is one `cellar_sync`, in memory only since all of these are volatile; the index is the table of parties, whose
/// bells are those of the structure. A plain mutex is the cell's own lock, and has no parties.
struct SyncShape: Hashable, Sendable {
    var kind: StructureKind
    /// Semaphore: permits at the beginning; barrier: parties; latch: how often it is counted down.
    var count = 0
    /// Semaphore: the most permits; 0 = no limit.
    var bound = 0
    /// Condition: identity of the mutex it belongs to.
    var mutex = 0

    /// Entries of the table: how many wait for it and hold it at the same time.
    static let mostParties = 250
    /// The most permits, parties and counts.
    static let mostCounted = 1 << 30

    init(_ kind: StructureKind, count: Int = 0, bound: Int = 0, mutex: Int = 0) {
        self.kind = kind
        self.count = count
        self.bound = bound
        self.mutex = mutex
    }

    // MARK: The text

    var text: String {
        switch kind {
        case .semaphore: "semaphore count=\(count) bound=\(bound)"
        case .condition: "condition mutex=\(mutex)"
        case .barrier: "barrier parties=\(count)"
        case .latch: "latch count=\(count)"
        default: kind.rawValue
        }
    }

    init?(parsing text: String, _ kind: StructureKind) {
        guard var fields = FormText(text, kind) else { return nil }
        self.init(kind)
        switch kind {
        case .semaphore:
            guard let count = fields.number("count"), let bound = fields.number("bound") else { return nil }
            (self.count, self.bound) = (count, bound)
        case .condition:
            guard let mutex = fields.number("mutex") else { return nil }
            self.mutex = mutex
        case .barrier:
            guard let parties = fields.number("parties") else { return nil }
            count = parties
        case .latch:
            guard let count = fields.number("count") else { return nil }
            self.count = count
        default: break
        }
        guard fields.isAtEnd, isPossible else { return nil }
    }

    var isPossible: Bool {
        switch kind {
        case .queue, .log, .pipe, .list, .block: false
        case .semaphore:
            (0...Self.mostCounted).contains(count) && (bound == 0 || (max(count, 1)...Self.mostCounted).contains(bound))
        case .barrier: (1...Self.mostParties).contains(count)
        case .latch: (0...Self.mostCounted).contains(count)
        default: true
        }
    }

    // MARK: Memory

    var partyCount: Int { kind == .mutex ? 0 : Self.mostParties }

    var form: StructureForm {
        let size = MemoryLayout<cellar_party>.size
        return StructureForm(
            kind: kind, text: text, byteCount: MemoryLayout<cellar_sync>.size,
            index: .init(
                byteCount: partyCount * size, bellCount: partyCount, bellStride: size, firstBell: Int(CELLAR_PARTY_BELL)
            ))
    }
}

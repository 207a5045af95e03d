import Cellar

/// Something that `gc` came upon.
struct Find {
    enum Kind: String {
        case memory, process, file
    }
    enum Outcome: String {
        case removable, removed, kept
    }

    private enum Subject {
        case segment(SegmentInfo)
        /// A process that died with a store open.
        case attachment(AttachmentInfo, store: String?)
        case leftover(String)
    }

    private let subject: Subject
    private(set) var outcome: Outcome
    private(set) var why: String
    /// Of memory or files.
    let byteCount: Int
    /// As things should be: not worth a line.
    let isOrdinary: Bool

    /// The segment, and those who died having it.
    static func all(of segment: SegmentInfo, takesUnsaved: Bool) -> [Find] {
        let dead = segment.attachments.filter { !$0.isAlive }
        let isThere = segment.state == .inUse || segment.state == .atRest
        return [Find(segment, takesUnsaved)] + (isThere ? dead.map { Find($0, in: segment) } : [])
    }

    init(leftover path: String) {
        subject = .leftover(path)
        byteCount = SystemCall.byteCount(below: path)
        outcome = .removable
        why = "whoever made it was killed"
        isOrdinary = false
    }

    private init(_ dead: AttachmentInfo, in segment: SegmentInfo) {
        subject = .attachment(dead, store: segment.path)
        byteCount = 0
        outcome = segment.path == nil ? .kept : .removable
        why = "died with \(segment.path.map { "the store '\($0)'" } ?? "a store") open"
        isOrdinary = false
    }

    private init(_ segment: SegmentInfo, _ takesUnsaved: Bool) {
        subject = .segment(segment)
        byteCount = segment.byteCount
        let isLost = segment.state == .gone && segment.hasUnsavedChanges && !takesUnsaved
        outcome = (segment.state == .gone || segment.state == .stale) && !isLost ? .removable : .kept
        why = Self.why(segment) + (isLost ? "; has changes that no disk has (--unsaved)" : "")
        isOrdinary = outcome == .kept && !isLost
    }

    private static func why(_ segment: SegmentInfo) -> String {
        let path = segment.path.map { "'\($0)'" } ?? "a store"
        let living = segment.attachments.count { $0.isAlive }
        return switch segment.state {
        case .inUse: "\(living == 1 ? "a process has" : "\(living) processes have") \(path) open"
        case .atRest: "\(path) is there: whoever opens it goes on with this"
        case .gone: "\(path) is no longer there"
        case .stale: "of an earlier start of the machine, or never finished"
        case .unknown: "nobody has it open, and it cannot be told whether its store is there"
        case .foreign: "belongs to user \(segment.owner)"
        case .unreadable: "damaged, or of another version of Cellar"
        }
    }

    // MARK: Removing

    /// Does it, if it is to be done, and notes what came of it.
    mutating func remove() {
        guard outcome == .removable else { return }
        do throws(StoreError) {
            outcome = try isRemoved() ? .removed : .kept
            if outcome == .kept { why += "; a process uses it now" }
        } catch {
            outcome = .kept
            why = error.message
        }
    }

    private func isRemoved() throws(StoreError) -> Bool {
        switch subject {
        case .segment(let segment): return try Store.removeSegment(segment)
        case .leftover(let path): return try Store.removeLeftover(path)
        case .attachment(let dead, let path):
            guard let path else { return false }
            var options = Store.Options()
            options.creates = false
            options.processName = "cellar"
            let store = try Store.open(path, options)
            // Whoever opens a store puts away what the dead held; what is left of it is named by 'check'.
            try store.sync()
            store.close()
            let look = try Store.open(path, .readOnly)
            defer { look.close() }
            return !look.attachments().contains { $0.id == dead.id }
        }
    }

    // MARK: Showing

    private var kind: Kind {
        switch subject {
        case .segment: .memory
        case .attachment: .process
        case .leftover: .file
        }
    }

    private var name: String {
        switch subject {
        case .segment(let segment): segment.name
        case .attachment(let dead, _): "\(dead.processID) (\(dead.name))"
        case .leftover(let path): path
        }
    }

    var row: [String] {
        let size = kind == .process ? "-" : HumanUnits.bytes(byteCount)
        return [outcome.rawValue, kind.rawValue, size, Printable.line(name), Printable.line(why)]
    }

    var json: String {
        var line = JSONLine()
        line.add("outcome", outcome.rawValue)
        line.add("kind", kind.rawValue)
        line.add("name", name)
        line.add("bytes", byteCount)
        if case .segment(let segment) = subject {
            line.add("state", segment.state.rawValue)
            line.add("path", json: segment.path.map { CellContent.escape($0) } ?? "null")
            line.add("unsaved_changes", segment.hasUnsavedChanges)
        }
        line.add("why", why)
        return line.closed
    }
}

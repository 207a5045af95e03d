import Cellar

/// A queue, a log, a list, a block, a pipe, a lock or signal, looked at again and again.
///
/// None of them tells a process that only looks, so this compares.
struct WatchedState: Watched {
    private let name: String
    private var store: Store
    private var info: CellInfo
    /// What stood for the state at the last look.
    private var seen: String?
    /// Of a log: the first entry that was not shown.
    private var next: UInt64?

    /// Nil for a cell of another kind.
    init?(_ name: String, in store: Store) throws {
        guard let info = try store.cellInfo(name), ![.value, .array, .dictionary].contains(info.kind) else {
            return nil
        }
        (self.name, self.store, self.info) = (name, store, info)
    }

    var isInMemory: Bool { info.isInMemory }

    mutating func find(in store: Store, isAnew: Bool) throws {
        self.store = store
        info = try present()
    }

    private func present() throws -> CellInfo {
        guard let info = try store.cellInfo(name), info.kind == self.info.kind else {
            throw ToolError(.noInput, "'\(name)' was removed")
        }
        return info
    }

    mutating func changes(json: Bool) throws -> [String] {
        info = try present()
        if info.kind == .log, info.isInMemory { return try entries(of: store.untypedLog(name), json: json) }
        let (state, text, value) = try state()
        if state == seen { return [] }
        seen = state
        guard json else { return [Printable.line("\(name) = \(text)")] }
        return ["{\"name\": \(CellContent.escape(name)), \"value\": \(value)}"]
    }

    /// What stands for the state, and how it is shown to people and to programs.
    private func state() throws -> (state: String, text: String, json: String) {
        if info.kind == .queue, let queue = try store.queueIfAny(name) {
            let depth = QueueLines.Depth(try queue.depth())
            return (depth.text, depth.text, depth.json)
        }
        if let lock = try store.lockInfo(name) {
            // Without the times, which pass by themselves.
            return (LockLines.state(lock), LockLines.state(lock), LockLines.json(lock))
        }
        let json = try StructureLines.json(info, in: store) ?? "null"
        let lines = try StructureLines.lines(info, in: store, isWhole: false) ?? ["on disk"]
        let isList = info.kind == .list && info.isInMemory
        return (json, isList ? "[\(lines.joined(separator: ", "))]" : lines.joined(separator: "; "), json)
    }

    /// First how many there are, then each that comes.
    private mutating func entries(of log: UntypedLog, json: Bool) throws -> [String] {
        let offsets = log.offsets
        // Another log of the name, that was made anew: all of it is new.
        if let seen = next, seen > offsets.upperBound { next = offsets.lowerBound }
        guard let first = next else {
            next = offsets.upperBound
            let count = offsets.upperBound - offsets.lowerBound
            guard json else { return [Printable.line("\(name): \(count) \(count == 1 ? "entry" : "entries")")] }
            var line = JSONLine()
            line.add("name", name)
            line.add("count", count)
            line.add("next", offsets.upperBound)
            return [line.closed]
        }
        if offsets.upperBound == first { return [] }
        var lines: [String] = []
        var end = offsets.upperBound
        let (name, start) = (name, max(first, offsets.lowerBound))
        try log.forEach(from: start) { (offset, time, content) throws(StoreError) in
            lines.append(Self.line(name, offset, time, content, json: json))
            end = offset + 1
            return true
        }
        next = end
        return lines
    }

    private static func line(
        _ name: String, _ offset: UInt64, _ time: some BinaryInteger, _ content: TableContent, json: Bool
    ) -> String {
        guard json else { return Printable.line("\(name)[\(offset)] \(content.description)") }
        var line = JSONLine()
        line.add("name", name)
        line.add("offset", offset)
        line.add("time", time)
        line.add("value", json: content.json)
        return line.closed
    }
}

extension QueueLines {
    /// How many items are in which state.
    struct Depth {
        private let counts: [(name: String, count: Int)]

        init(_ depth: QueueDepth) { counts = depth.counts }

        /// `3 ready, 1 leased`; `empty`.
        var text: String {
            let texts = counts.filter { $0.count != 0 }.map { "\(Printable.grouped($0.count)) \($0.name)" }
            return texts.isEmpty ? "empty" : texts.joined(separator: ", ")
        }

        var json: String {
            var line = JSONLine()
            for (name, count) in counts { line.add(name, count) }
            return line.closed
        }
    }
}

import Cellar

/// Locks and signals, as lines.
enum LockLines {
    /// How it stands, on one line.
    static func state(_ lock: LockInfo) -> String {
        var parts = lock.state.map { [$0] } ?? []
        if !lock.holders.isEmpty {
            parts.append("held by \(lock.holders.map(name).joined(separator: ", "))")
        } else if lock.state == nil, lock.kind != .condition {
            parts.append("free")
        }
        if !lock.waiters.isEmpty || parts.isEmpty { parts.append("\(lock.waiters.count) waiting") }
        return parts.joined(separator: "; ")
    }

    /// The lock, then its parties, each with its stacks if they are to be shown.
    static func rows(_ lock: LockInfo, _ stacks: StackReader?) -> [[String]] {
        let isFree = lock.holders.isEmpty && lock.kind != .condition
        let first = [Printable.line(lock.name), lock.kind.rawValue, lock.state ?? (isFree ? "free" : "-"), "", "", ""]
        return [first] + lock.holders.flatMap { rows($0, "holds", stacks) }
            + lock.waiters.flatMap { rows($0, "waits", stacks) }
    }

    private static func rows(_ party: LockInfo.Party, _ what: String, _ stacks: StackReader?) -> [[String]] {
        var first = row(party, what)
        guard let stacks else { return [first] }
        switch stacks.stacks(of: party) {
        case .failure(let problem):
            first[first.count - 1] += "; no stack: \(problem.text)"
            return [first]
        case .success(let stacks):
            let lines = stacks.flatMap { stack in
                ["  thread \(stack.thread)"] + stack.frames.enumerated().map { "    #\($0) \(Printable.line($1))" }
            }
            return [first] + lines.map { ["", "", "", "", "", $0] }
        }
    }

    private static func row(_ party: LockInfo.Party, _ what: String) -> [String] {
        [
            "", "", what + (party.mode.map { " \($0)" } ?? ""), party.processID == 0 ? "-" : "\(party.processID)",
            party.duration.map(seconds) ?? "-",
            Printable.line(party.processName) + (party.isAlive ? "" : " (dead)"),
        ]
    }

    private static func name(_ party: LockInfo.Party) -> String {
        "\(Printable.line(party.processName)) (pid \(party.processID)\(party.isAlive ? "" : ", dead"))"
    }

    private static func seconds(_ duration: Duration) -> String {
        "\(tenths(duration) / 10).\(tenths(duration) % 10) s"
    }
    private static func tenths(_ duration: Duration) -> Int64 {
        duration.components.seconds * 10 + duration.components.attoseconds / 100_000_000_000_000_000
    }

    // MARK: For programs

    static func json(_ lock: LockInfo) -> String { json(lock, nil) }

    static func json(_ lock: LockInfo, _ stacks: StackReader?) -> String {
        var line = JSONLine()
        line.add("name", lock.name)
        line.add("kind", lock.kind.rawValue)
        if let state = lock.state { line.add("state", state) }
        line.add("holders", json: list(lock.holders, stacks))
        line.add("waiters", json: list(lock.waiters, stacks))
        return line.closed
    }

    private static func list(_ parties: [LockInfo.Party], _ stacks: StackReader?) -> String {
        "[" + parties.map { json($0, stacks) }.joined(separator: ", ") + "]"
    }

    private static func json(_ party: LockInfo.Party, _ stacks: StackReader?) -> String {
        var line = JSONLine()
        line.add("pid", party.processID)
        line.add("name", party.processName)
        line.add("alive", party.isAlive)
        switch party.mode {
        case .permits(let count): line.add("permits", count)
        case .shared, .exclusive: line.add("mode", party.mode!.description)
        case nil: break
        }
        if let duration = party.duration {
            let milliseconds =
                duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
            line.add("milliseconds", milliseconds)
        }
        if let thread = party.threadID { line.add("thread", thread) }
        switch stacks?.stacks(of: party) {
        case .success(let stacks): line.add("stacks", json: "[" + stacks.map(json).joined(separator: ", ") + "]")
        case .failure(let problem):
            line.add("stacks", json: "[]")
            line.add("no_stack", problem.text)
        case nil: break
        }
        return line.closed
    }

    private static func json(_ stack: ThreadStack) -> String {
        var line = JSONLine()
        line.add("thread", stack.thread)
        line.add("frames", json: "[" + stack.frames.map { CellContent.escape($0) }.joined(separator: ", ") + "]")
        return line.closed
    }
}

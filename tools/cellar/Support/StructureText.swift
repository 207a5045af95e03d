import Cellar

/// What the tool says of lists, logs, blocks and pipes.
enum StructureLines {
    /// The first bytes of a block, in hexadecimal.
    private static let shownBytes = 64
    static let kinds: Set<CellInfo.Kind> = [.list, .log, .block, .pipe]

    /// What `ls` gives as count and type; nil for other kinds.
    static func row(_ info: CellInfo, in store: Store) throws -> (count: String, type: String)? {
        switch info.kind {
        case .list:
            let list = try store.untypedList(info.name)
            return ("\(try list.count())", "\(Printable.line(list.element.description)), at most \(list.capacity)")
        case .log:
            let log = try store.untypedLog(info.name)
            return ("\(log.offsets.count)", "\(Printable.line(log.elementType)), at most \(log.capacity)")
        case .block: return ("\(info.count)", "bytes")
        case .pipe: return ("-", "\(try store.pipe(info.name).capacity) bytes each way")
        default: return nil
        }
    }

    /// What it holds, on lines of its own; nil for other kinds.
    static func lines(_ info: CellInfo, in store: Store, isWhole: Bool) throws -> [String]? {
        switch info.kind {
        case .list: return try store.untypedList(info.name).elements().map(\.line)
        case .log: return try log(try store.untypedLog(info.name), isWhole)
        case .block: return [block(try store.blockBytes(info.name), isWhole)]
        case .pipe: return pipe(try store.pipe(info.name).status)
        default: return nil
        }
    }

    /// What it holds as a JSON value; nil for other kinds.
    static func json(_ info: CellInfo, in store: Store) throws -> String? {
        switch info.kind {
        case .list: return "[" + (try store.untypedList(info.name).elements().map(\.json)).joined(separator: ", ") + "]"
        case .log: return try json(try store.untypedLog(info.name))
        case .block: return CellContent.escape(block(try store.blockBytes(info.name), true))
        case .pipe: return json(try store.pipe(info.name).status)
        default: return nil
        }
    }

    // MARK: Parts

    /// The newest entries of a log that is not shown whole.
    private static let shownEntries: UInt64 = 32

    private static func log(_ log: UntypedLog, _ isWhole: Bool) throws -> [String] {
        let offsets = log.offsets
        var lines = log.groups.map { "group \(Printable.line($0.name)) at \($0.position)" }
        let first =
            isWhole
            ? offsets.lowerBound : max(offsets.lowerBound, offsets.upperBound - min(shownEntries, offsets.upperBound))
        if first > offsets.lowerBound {
            lines.append("\(Printable.grouped(Int(first - offsets.lowerBound))) older ones")
        }
        try log.forEach(from: first) { (offset, _, content) throws(StoreError) in
            lines.append("[\(offset)] \(Printable.line(content.description))")
            return true
        }
        return lines
    }

    private static func json(_ log: UntypedLog) throws -> String {
        var entries: [String] = []
        try log.forEach { (offset, time, content) throws(StoreError) in
            entries.append("{\"offset\": \(offset), \"time\": \(time), \"value\": \(content.json)}")
            return true
        }
        let groups = log.groups.map { "\(CellContent.escape($0.name)): \($0.position)" }
        return "{\"groups\": {\(groups.joined(separator: ", "))}, \"entries\": [\(entries.joined(separator: ", "))]}"
    }

    private static func block(_ bytes: [UInt8], _ isWhole: Bool) -> String {
        let shown = isWhole ? bytes.count : min(bytes.count, shownBytes)
        let rest = shown < bytes.count ? " and \(Printable.counted(bytes.count - shown, "byte")) more" : ""
        return bytes[..<shown].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + rest
    }

    private static func pipe(_ status: PipeStatus) -> [String] {
        [
            "first: \(holder(status.first)), \(Printable.counted(status.bytesFromFirst, "byte")) on the way to the second",
            "second: \(holder(status.second)), \(Printable.counted(status.bytesFromSecond, "byte")) on the way to the first",
        ]
    }

    private static func holder(_ end: PipeStatus.End) -> String {
        switch end {
        case .free: "free"
        case .gone: "gone"
        case .held(let who): "\(Printable.line(who.name)) (pid \(who.processID))"
        }
    }

    private static func json(_ status: PipeStatus) -> String {
        var line = JSONLine()
        line.add("first", holder(status.first))
        line.add("second", holder(status.second))
        line.add("bytes_from_first", status.bytesFromFirst)
        line.add("bytes_from_second", status.bytesFromSecond)
        return line.closed
    }
}

extension Store {
    /// The cell's info if it is a list, a log, a block or a pipe.
    func structureIfAny(_ name: String) throws -> CellInfo? {
        guard let info = try cellInfo(name), StructureLines.kinds.contains(info.kind) else { return nil }
        return info
    }
}

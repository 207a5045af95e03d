import ArgumentParser
import Cellar
import Glibc

struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Prints what cells hold, and then each change as it comes.",
        discussion: """
            A line for each cell, and one more each time that it is another: 'name = value', or with --json an object with \
            name and value. Of a whole array the lines tell which elements may have changed, with --json as a list of \
            [first, end) under the name 'changed'. What changes twice between two looks, 1 to 50 ms apart, is one change; \
            the last one is never missed. Watching leaves no trace and costs the programs that write nothing.

            Ends when it is interrupted, after --count lines, or when a cell is removed.

              cellar watch robot.cellar speed pose
              cellar watch robot.cellar 'sound[0..<4]' --count 10 --json
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "NAME, NAME[3], NAME[0..<10] or NAME[0...9].") var cells: [String]
    @Option(help: "Ends after so many lines.") var count: Int?
    @Flag(help: "One JSON object a line.") var json = false

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count takes a number from 1 on, not \(count)") }
        if cells.isEmpty { throw ValidationError("Say which cells to watch") }
    }

    func run() throws {
        TerminatingSignals.block()
        do {
            try watch(Output())
        } catch let ended as EndedBySignal {
            // That is how a watch is ended by hand.
            if ended.signal != SIGINT { throw ended }
        }
    }

    private func watch(_ output: Output) throws {
        var store = try store.look()
        defer { store.close() }
        var watched = try cells.map { try WatchedCell($0, in: store) }
        var left = count ?? .max
        var pause: Duration = .milliseconds(1)
        let clock = ContinuousClock()
        while true {
            let start = clock.now
            var isChanged = false
            for index in watched.indices {
                guard let line = try watched[index].change(json: json) else { continue }
                try output.line(line)
                isChanged = true
                left -= 1
                if left == 0 { return try output.flush() }
            }
            try output.flush()
            // What only the disk has is looked for anew: somebody may have brought it into memory meanwhile.
            if watched.contains(where: { !$0.isInMemory }) {
                let again = try self.store.look()
                store.close()
                store = again
                for index in watched.indices { try watched[index].find(in: store) }
            }
            pause = isChanged ? .milliseconds(1) : min(pause * 2, .milliseconds(50))
            // Looking at large arrays takes a tenth of a processor at most.
            try TerminatingSignals.sleep(max(pause, (clock.now - start) * 10))
        }
    }
}

/// A cell, or a part of one, and what was last seen of it.
private struct WatchedCell {
    private let path: CellPath
    private var cell: UntypedCell
    private var range: Range<Int>
    private var version: CellVersion?
    private var bytes: [UInt8]?

    init(_ text: String, in store: Store) throws {
        path = try CellPath(text, in: store)
        cell = try store.cell(path.name)
        range = try path.range(in: cell.info)
    }

    var isInMemory: Bool { cell.info.isInMemory }

    mutating func find(in store: Store) throws {
        cell = try store.cell(path.name)
        range = try path.range(in: cell.info)
        version = nil
    }

    /// Whether the lines show which elements changed, and not what they hold.
    private var showsPlaces: Bool { path.part == .whole && cell.info.kind == .array }

    /// A line, if it is another than when it was last looked at.
    mutating func change(json: Bool) throws -> String? {
        var places: [Range<Int>] = []
        if let version {
            guard let changes = try cell.wait(after: version, timeout: .zero) else { return nil }
            (self.version, places) = (changes.version, changes.ranges)
        } else {
            version = try cell.version()
        }
        if showsPlaces { return places.isEmpty ? nil : line(places, json: json) }
        let now = try cell.bytes(in: range)
        if now == bytes { return nil }
        bytes = now
        return try line(json: json)
    }

    private func line(json: Bool) throws -> String {
        let contents = try cell.info.schema.content(of: bytes ?? [], count: range.count)
        let isSingle = path.isSingle(in: cell.info)
        let texts = contents.map { json ? $0.json : $0.description }
        let value = isSingle ? texts.joined() : "[\(texts.joined(separator: ", "))]"
        guard json else { return Printable.line("\(path.name)\(part) = \(value)") }
        var line = JSONLine()
        line.add("name", path.name)
        if case .element(let index) = path.part { line.add("index", index) }
        if case .range(let range) = path.part { line.add("range", json: "[\(range.lowerBound), \(range.upperBound)]") }
        line.add("value", json: value)
        return line.closed
    }

    private func line(_ places: [Range<Int>], json: Bool) -> String {
        guard json else {
            let texts = places.map { "\($0.lowerBound)..<\($0.upperBound)" }
            return Printable.line("\(path.name)[\(texts.joined(separator: ", "))] changed")
        }
        var line = JSONLine()
        line.add("name", path.name)
        line.add("changed", json: "[\(places.map { "[\($0.lowerBound), \($0.upperBound)]" }.joined(separator: ", "))]")
        return line.closed
    }

    private var part: String {
        switch path.part {
        case .whole: ""
        case .element(let index): "[\(index)]"
        case .range(let range): "[\(range.lowerBound)..<\(range.upperBound)]"
        }
    }
}

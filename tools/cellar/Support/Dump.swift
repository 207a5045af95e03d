import Cellar

/// All cells of a store with what they hold, a line each, then its tables, a line an entry. Arrays and tables are read in pieces.
///
/// What is damaged is left out, and noted in `unreadable`.
struct Dump {
    let store: Store
    let contents: StoreContents
    let unreadable: Unreadable
    /// Whether long arrays and text are shown whole.
    let isWhole: Bool

    private static let shownElements = 32
    private static let shownCharacters = 1000

    // MARK: For programs

    func writeJSON(to output: Output) throws {
        try forEachCell { info in
            guard info.kind != .dictionary else { return try writeDictionaryAsJSON(info, to: output) }
            guard info.kind != .queue else { return try writeQueueAsJSON(info, to: output) }
            if let value = try StructureLines.json(info, in: store) {
                return try output.line(CellLines.json(info).text + ", \"value\": " + value + "}")
            }
            if info.form != nil { return try output.line(DumpLines.lock(info, in: store)) }
            try writeCellAsJSON(store.cell(info.name), to: output)
        }
        try forEachTable { table in
            try output.line(DumpLines.heading(table.info))
            try table.forEach { entry in
                try output.line(EntryLines.json(entry, name: table.info.name, kind: table.info.kind.rawValue))
                return true
            }
        }
    }

    private func writeCellAsJSON(_ cell: UntypedCell, to output: Output) throws {
        let start = CellLines.json(cell.info).text + ", \"value\": "
        if cell.info.kind == .value { return try output.line(start + cell.content().json + "}") }
        try cell.requireReadable(0..<cell.info.count)
        try output.write(start)
        try cell.writeList(0..<cell.info.count, to: output) { $0.json }
        try output.line("}")
    }

    // MARK: For people

    func writeText(to output: Output) throws {
        try forEachCell { info in
            guard info.kind != .dictionary else { return try writeDictionary(info, to: output) }
            guard info.kind != .queue else { return try writeQueue(info, to: output) }
            if let lines = try StructureLines.lines(info, in: store, isWhole: isWhole) {
                return try writeStructure(info, lines, to: output)
            }
            if let form = info.form { return try writeLock(info, form, to: output) }
            try writeCell(store.cell(info.name), to: output)
        }
        try forEachTable { try writeTable($0, to: output) }
    }

    private func writeCell(_ cell: UntypedCell, to output: Output) throws {
        let heading = heading(cell.info)
        if cell.info.kind == .value { return try output.line(heading + shortened(cell.content().line)) }
        let count = cell.info.count
        let shown = isWhole || count <= Self.shownElements + 1 ? count : Self.shownElements
        try cell.requireReadable(0..<shown)
        try output.write(heading)
        try cell.writeList(0..<shown, to: output) { shortened($0.line) }
        try output.line(shown < count ? " and \(Printable.grouped(count - shown)) more" : "")
    }

    /// A lock, a signal, …: what it is, and how it stands.
    private func writeLock(_ info: CellInfo, _ form: String, to output: Output) throws {
        let kept = info.persistence == .volatile ? ", volatile" : ""
        let state = try store.lockInfo(info.name).map { " = " + LockLines.state($0) } ?? ""
        try output.line("\(Printable.line(info.name)) (\(Printable.line(form))\(kept))\(state)")
    }

    private func writeTable(_ table: UntypedTable, to output: Output) throws {
        let info = table.info
        let heading =
            "\(Printable.line(info.name)) (\(info.kind.rawValue), \(Printable.line("\(info.keyType): \(info.valueType)")))"
        try writeEntries(heading, count: try table.count(), to: output) { try table.forEach($0) }
    }

    private func writeDictionary(_ info: CellInfo, to output: Output) throws {
        guard let dictionary = try store.dictionaryIfAny(info.name) else { return }
        let kept = info.persistence == .volatile ? ", volatile" : ""
        let heading = "\(Printable.line(info.name)) (dictionary, \(DictionaryLines.types(info))\(kept))"
        try writeEntries(heading, count: try dictionary.count(), to: output) { try dictionary.forEach($0) }
    }

    private func writeStructure(_ info: CellInfo, _ lines: [String], to output: Output) throws {
        let kept = info.persistence == .volatile ? ", volatile" : ""
        try output.line("\(Printable.line(info.name)) (\(Printable.line(info.form ?? info.kind.rawValue))\(kept))")
        let shown = isWhole || lines.count <= Self.shownElements + 1 ? lines.count : Self.shownElements
        for line in lines.prefix(shown) { try output.line("  " + shortened(line)) }
        if shown < lines.count { try output.line("  and \(Printable.grouped(lines.count - shown)) more") }
    }

    private func writeEntries(
        _ heading: String, count: Int, to output: Output,
        _ forEach: ((UntypedTable.Entry) throws -> Bool) throws -> Void
    ) throws {
        try output.line("\(heading), \(Printable.grouped(count)) \(count == 1 ? "entry" : "entries")")
        let shown = isWhole || count <= Self.shownElements + 1 ? Int.max : Self.shownElements
        var left = shown
        try forEach { entry in
            try output.line("  " + shortened(EntryLines.text(entry)))
            left -= 1
            return left > 0
        }
        if shown < count { try output.line("  and \(Printable.grouped(count - shown)) more") }
    }

    private func writeDictionaryAsJSON(_ info: CellInfo, to output: Output) throws {
        guard let dictionary = try store.dictionaryIfAny(info.name) else { return }
        try output.line(DumpLines.heading(dictionary))
        // Sorted, so that equal dictionaries are equal texts: by key, or by the text where keys have no order.
        var unordered: [String] = []
        let write = { (entry: UntypedTable.Entry) in
            let line = EntryLines.json(entry, name: info.name, kind: info.kind.rawValue)
            if dictionary.isOrdered { try output.line(line) } else { unordered.append(line) }
            return true
        }
        if dictionary.isOrdered { try dictionary.forEach(in: .init(), write) } else { try dictionary.forEach(write) }
        for line in unordered.sorted() { try output.line(line) }
    }

    // MARK: Queues

    private func writeQueueAsJSON(_ info: CellInfo, to output: Output) throws {
        guard let queue = try store.queueIfAny(info.name) else { return }
        try output.line(DumpLines.heading(queue))
        for item in try queue.items() { try output.line(QueueLines.json(item, of: queue)) }
    }

    private func writeQueue(_ info: CellInfo, to output: Output) throws {
        guard let queue = try store.queueIfAny(info.name) else { return }
        let items = try queue.items()
        try output.line(QueueLines.heading(queue, count: items.count))
        let shown = isWhole || items.count <= Self.shownElements + 1 ? items.count : Self.shownElements
        for item in items[..<shown] { try output.line("  " + shortened(QueueLines.text(item))) }
        if shown < items.count { try output.line("  and \(Printable.grouped(items.count - shown)) more") }
    }

    // MARK: Cells

    private func heading(_ info: CellInfo) -> String {
        let count = info.kind == .array ? "[\(info.count)]" : ""
        let kept = info.persistence == .volatile ? ", volatile" : ""
        return "\(Printable.line(info.name))\(count) (\(Printable.line(info.schema.description))\(kept)) = "
    }

    private func shortened(_ text: String) -> String {
        guard !isWhole, text.utf8.count > Self.shownCharacters, text.count > Self.shownCharacters else { return text }
        let rest = Printable.counted(text.count - Self.shownCharacters, "character")
        return text.prefix(Self.shownCharacters) + "… and \(rest) more"
    }

    // MARK: Parts

    /// What is removed between the listing and the look is left out, as what is damaged.
    private func forEachCell(_ body: (CellInfo) throws -> Void) throws {
        for entry in contents.cells {
            try unreadable.attempt(entry.name) { try body(contents.listing.info(entry)) }
        }
    }

    private func forEachTable(_ body: (UntypedTable) throws -> Void) throws {
        for table in contents.tables { try unreadable.attempt(table.info.name) { try body(table) } }
    }
}

extension UntypedCell {
    /// Throws if some of the elements are no values of their type, before any of them is shown.
    fileprivate func requireReadable(_ range: Range<Int>) throws {
        if !info.schema.acceptsAllBits { try forEachContent(in: range) { _ in } }
    }
}

extension CellContent {
    /// For people, on one line: text in quotes.
    var line: String {
        if case .text(let text) = self { CellContent.escape(text) } else { description }
    }
}

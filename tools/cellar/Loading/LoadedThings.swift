import Cellar

/// An array: all of its elements are in one line.
struct LoadedArray {
    let schema: Schema
    let line: LoadedLine
    private static let pieceBytes = 1 << 18

    func make(of value: JSONSlice, in store: Store) throws {
        let count: Int = try line.object.required("count").number()
        guard count > 0 else { throw ToolError(.badData, "an array has at least one element, not \(count)") }
        // The first, which is a value of the type whatever zeros are.
        var first: [UInt8]?
        try value.forEachElement { if first == nil { first = try bytes($0) } }
        guard let first else { throw ToolError(.badData, "the list has no values for \(count) elements") }
        let cell = try store.create(
            line.name, schema: schema, count: count, initial: first, persistence: line.persistence)
        var writer = ArrayWriter(cell)
        try value.forEachElement { try writer.append(bytes($0)) }
        try writer.finish()
        guard writer.count == count else {
            throw ToolError(.badData, "the list has \(Printable.counted(writer.count, "value")) for \(count) elements")
        }
    }

    private func bytes(_ slice: JSONSlice) throws -> [UInt8] {
        try schema.bytes(of: CellContent(parsing: slice.typed(), as: schema))
    }
}

/// Puts elements in an array one after the other, many at a time.
struct ArrayWriter {
    private let cell: UntypedCell
    private let padding: [UInt8]
    private var piece: [UInt8] = []
    private static let pieceBytes = 1 << 18
    /// How many elements there were.
    private(set) var count = 0
    private var written = 0

    init(_ cell: UntypedCell) {
        self.cell = cell
        padding = [UInt8](repeating: 0, count: cell.info.schema.stride - cell.info.schema.size)
    }

    /// The bytes of one element.
    mutating func append(_ bytes: [UInt8]) throws {
        count += 1
        guard count <= cell.info.count else { return }
        piece += bytes
        piece += padding
        if piece.count >= Self.pieceBytes { try finish() }
    }

    /// Writes what is left.
    mutating func finish() throws {
        let end = min(count, cell.info.count)
        try cell.setBytes(piece, in: written..<end)
        written = end
        piece.removeAll(keepingCapacity: true)
    }
}

/// A log, list, block or pipe: one line.
struct LoadedStructure {
    let line: LoadedLine
    let store: Store

    func make() throws {
        let form = try line.text("type")
        guard form.hasPrefix(line.kind.rawValue + " ") else {
            throw ToolError(.badData, "'\(form.prefix(80))' is no form of a \(line.kind.rawValue)")
        }
        let value = try line.object.required("value")
        if value.isNull {
            throw ToolError(
                .badData,
                "what the \(line.kind.rawValue) '\(line.name)' holds is not in the dump: nobody had it in memory then. Have "
                    + "a program open it, and dump the store again")
        }
        try store.createStructure(line.name, form: form, persistence: line.persistence)
        switch line.kind {
        case .log: try fillLog(JSONObject(value))
        case .list: try fillList(value)
        case .block: try fillBlock(value.string())
        default: break
        }
    }

    private func fillLog(_ value: JSONObject) throws {
        let log = try store.untypedLog(line.name)
        let isJSON = log.elementType == "json"
        var batch = Batch<(offset: UInt64, time: UInt64, element: String)>(1024)
        try value.required("entries").forEachElement { slice in
            let entry = try JSONObject(slice)
            let element = try entry.required("value")
            let item = (
                offset: try entry.required("offset").number(UInt64.self),
                time: try entry.required("time").number(UInt64.self),
                element: isJSON ? element.raw : try element.typed()
            )
            try batch.add(item, of: line.number) { try log.restore($0) }
        }
        try batch.flush { try log.restore($0) }
        try value.required("groups").forEachMember { name, position in
            try log.setGroup(name, to: position.number())
        }
    }

    private func fillList(_ value: JSONSlice) throws {
        let list = try store.untypedList(line.name)
        var batch = Batch<CellContent>(4096)
        try value.forEachElement { slice in
            let content = try CellContent(parsing: slice.typed(), as: list.element)
            try batch.add(content, of: line.number) { try list.append(contentsOf: $0) }
        }
        try batch.flush { try list.append(contentsOf: $0) }
    }

    private func fillBlock(_ text: String) throws {
        let block = try store.block(line.name)
        guard let bytes = Hexadecimal.bytes(text), bytes.count == block.byteCount else {
            throw ToolError(
                .badData, "the block '\(line.name)' takes \(block.byteCount) bytes as two hexadecimal digits each")
        }
        try block.write(bytes)
    }
}

/// A lock, free; or a signal, as it stood.
struct LoadedLock {
    let line: LoadedLine
    let store: Store

    func make() throws {
        let form = try line.text("type")
        guard form.split(separator: " ").first ?? "" == line.kind.rawValue else {
            throw ToolError(.badData, "'\(form.prefix(80))' is no form of a \(line.kind.rawValue)")
        }
        try store.createStructure(line.name, form: form)
        guard let value = line.object.optional("value") else { return }
        let numbers = FormNumbers(form)
        switch line.kind {
        case .event: if try value.boolean() { try store.event(line.name).set() }
        case .once: if try value.boolean() { try store.once(line.name).perform {} }
        case .latch:
            let latch = try store.latch(line.name, count: numbers["count"] ?? 0)
            let left: Int = try value.number()
            if left < latch.count { try latch.countDown(by: latch.count - max(left, 0)) }
        case .semaphore:
            let semaphore = try numbers.semaphore(line.name, in: store)
            let permits: Int = try value.number()
            if permits > semaphore.permits { try semaphore.release(permits - semaphore.permits) }
        default: break
        }
    }
}

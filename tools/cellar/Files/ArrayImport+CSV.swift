import Cellar

extension ArrayImport {
    /// - Parameter type: what the elements of an array that is made are; nil for what the file's columns say.
    func csv(_ type: Schema?) throws {
        if let cell = try cellIfAny() {
            try require(type, of: cell)
            return try fill(cell)
        }
        try input.keep()
        let rows = try CSVRows(of: input, type)
        guard let first = rows.first else { throw nothing }
        input.rewind()
        // The first element, which is a value of the type whatever zeros are.
        let cell = try store.create(
            name, schema: rows.schema, count: rows.count, initial: first, persistence: persistence)
        do { try fill(cell) } catch {
            try? store.remove(name)
            throw error
        }
    }

    private func fill(_ cell: UntypedCell) throws {
        let fields = try ElementFields(cell.info.schema)
        var reader = CSVReader(input)
        var bar = ProgressBar(total: input.byteCount, label: "import")
        defer { bar.finish() }
        var (writer, done) = (ArrayWriter(cell), 0)
        do {
            let columns = try fields.columns(in: reader.next() ?? [])
            while let record = try reader.next() {
                try CSVRows.require(columns.count, in: record)
                try writer.append(fields.bytes(columns.map { record[$0] }, of: cell.info.schema))
                bar.advance(by: input.position - done)
                done = input.position
            }
            try writer.finish()
        } catch { throw Load.located(error, reader.lineNumber) }
        guard writer.count == cell.info.count else {
            throw ToolError(
                .badData,
                "\(input.name) has \(Printable.counted(writer.count, "element")), and '\(name)' has "
                    + "\(Printable.grouped(cell.info.count)): as many as there are were set")
        }
    }
}

extension ElementFields {
    /// Where each field is in a record.
    func columns(in header: [String]) throws -> [Int] {
        guard header.count == names.count else {
            throw ToolError(
                .badData, "the first line is to name the columns \(names.joined(separator: ",")), in any order")
        }
        return try names.map { name in
            guard let place = header.firstIndex(of: name) else {
                throw ToolError(.badData, "the first line names no column '\(name)'")
            }
            return place
        }
    }
}

/// What a file of CSV has, read once to its end: an array is made of that.
struct CSVRows {
    let schema: Schema
    private(set) var count = 0
    /// The bytes of the first element; nil if there is none.
    private(set) var first: [UInt8]?

    /// - Parameter type: nil to have it derived.
    init(of input: InputStream, _ type: Schema?) throws {
        var reader = CSVReader(input)
        var bar = ProgressBar(total: input.byteCount, label: "look")
        defer { bar.finish() }
        do {
            let header = try reader.next() ?? []
            var columns = try type == nil ? CSVColumns(header) : nil
            if let type { _ = try ElementFields(type).columns(in: header) }
            var (record, done): ([String]?, Int) = (nil, 0)
            while let next = try reader.next() {
                try Self.require(header.count, in: next)
                try columns?.add(next)
                if record == nil { record = next }
                count += 1
                bar.advance(by: input.position - done)
                done = input.position
            }
            schema = try type ?? columns!.schema
            guard let record else { return }
            let fields = try ElementFields(schema)
            first = try fields.bytes(fields.columns(in: header).map { record[$0] }, of: schema)
        } catch { throw Load.located(error, reader.lineNumber) }
    }

    static func require(_ count: Int, in record: [String]) throws {
        if record.count == count { return }
        throw ToolError(.badData, "there are \(record.count) fields, and \(count) are wanted")
    }
}

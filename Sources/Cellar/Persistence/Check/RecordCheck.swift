/// Looks at what the database says of cells: records, their values, the store's own data. Reads only.
struct RecordCheck {
    let catalogue: Catalogue
    private(set) var findings: [StoreFinding] = []
    private(set) var records: [String: CellRecord] = [:]
    private(set) var chunks = 0
    private var schemas: [UInt64: (record: CellRecord, schema: Schema)] = [:]
    /// No cell has more bytes; see `CellForm`.
    private static let mostBytes: UInt64 = 1 << 46

    init(catalogue: Catalogue) { self.catalogue = catalogue }

    mutating func run() throws(StoreError) {
        // One transaction: all of one moment.
        let catalogue = catalogue
        var check = self
        try catalogue.database.read { (transaction) throws(StoreError) in
            try check.checkMeta(transaction)
            try check.checkRecords(transaction)
            try check.checkChunks(transaction)
        }
        self = check
    }

    private mutating func note(_ structure: String, _ text: String) {
        findings.append(StoreFinding(kind: .damaged, structure: structure, text: text))
    }

    private mutating func checkMeta(_ transaction: borrowing ReadTransaction) throws(StoreError) {
        if try catalogue.value(of: .uuid, in: transaction) == nil { note("store", "it has no identity") }
        if try catalogue.value(of: .format, in: transaction) == nil { note("store", "it does not say its format") }
    }

    private mutating func checkRecords(_ transaction: borrowing ReadTransaction) throws(StoreError) {
        let next = try catalogue.value(of: .nextUID, in: transaction) ?? 1
        var uids: [UInt64: String] = [:]
        var check = self
        try catalogue.forEachCell(in: transaction) { (bytes, record) throws(StoreError) in
            check.checkRecord(bytes, record, next: next, &uids)
            return true
        }
        self = check
    }

    private mutating func checkRecord(
        _ bytes: [UInt8], _ record: CellRecord?, next: UInt64, _ uids: inout [UInt64: String]
    ) {
        guard let name = String(validating: bytes, as: UTF8.self), Catalogue.nameByteCounts.contains(bytes.count) else {
            return note("records", "a cell's name of \(bytes.count) bytes is no name")
        }
        guard let record else { return note("records", "the record of '\(name)' cannot be read") }
        records[name] = record
        if let other = uids.updateValue(name, forKey: record.uid) {
            note("records", "'\(name)' and '\(other)' have the same identity \(record.uid)")
        }
        if record.uid >= next { note("records", "the identity \(record.uid) of '\(name)' was never given") }
        guard let schema = try? Schema(parsing: record.schemaText) else {
            return note("records", "the type of '\(name)' cannot be read")
        }
        let bytes = record.count.multipliedReportingOverflow(by: UInt64(max(schema.stride, 1)))
        guard !bytes.overflow, bytes.partialValue < Self.mostBytes else {
            return note("records", "'\(name)' is said to have \(record.count) elements of \(schema.stride) bytes")
        }
        schemas[record.uid] = (record, schema)
    }

    // MARK: Values

    private mutating func checkChunks(_ transaction: borrowing ReadTransaction) throws(StoreError) {
        var check = self
        try transaction.forEach(in: catalogue.values) { (bytes, value) throws(StoreError) in
            check.checkChunk(ChunkKey(bytes), value)
            return true
        }
        self = check
    }

    private mutating func checkChunk(_ key: ChunkKey?, _ value: RawSpan) {
        chunks += 1
        guard let key else { return note("values", "a key is none") }
        guard let (record, schema) = schemas[key.uid] else {
            return note("values", "there is a value of the identity \(key.uid), which no cell has")
        }
        let total = record.kind == .array ? Int(clamping: record.count) * schema.stride : schema.size
        let start = Int(key.chunk) << SegmentLayout.chunkShift
        guard start < max(total, 1),
            value.byteCount <= min(SegmentLayout.chunkSize, total - start)
                || record.kind == .value && value.byteCount <= total
        else { return note("values", "chunk \(key.chunk) of the identity \(key.uid) is longer than its cell") }
        guard !schema.acceptsAllBits, record.kind == .value, value.byteCount == schema.size else { return }
        do throws(StoreError) {
            unsafe try value.withUnsafeBytes { (raw) throws(StoreError) in try unsafe schema.check(raw) }
        } catch { note("values", "the identity \(key.uid) has no value of its type: \(error.message)") }
    }
}

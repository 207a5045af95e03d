/// Looks at what the database says of cells: records, their values, the store's own data. Reads only.
struct RecordCheck {
    let catalogue: Catalogue
    private(set) var findings: [StoreFinding] = []
    private(set) var records: [String: CellRecord] = [:]
    private(set) var chunks = 0
    private var dictionaries: [UInt64: DictionaryType] = [:]
    private(set) var entries = 0
    private var schemas: [UInt64: (record: CellRecord, schema: Schema)] = [:]
    /// No cell has more bytes; see `CellForm`.
    private static let mostBytes: UInt64 = 1 << 46

    init(catalogue: Catalogue) { self.catalogue = catalogue }

    mutating func run() throws(StoreError) {
        // One transaction: all of one moment.
        let catalogue = catalogue
        let entries = try catalogue.entries(creates: false)
        var check = self
        try catalogue.database.read { (transaction) throws(StoreError) in
            try check.checkMeta(transaction)
            try check.checkRecords(transaction)
            try check.checkChunks(transaction)
            if let entries { try check.checkEntries(entries, transaction) }
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
        if record.kind == .dictionary {
            guard let type = DictionaryType(parsing: record.schemaText) else {
                return note("records", "the type of '\(name)' cannot be read")
            }
            dictionaries[record.uid] = type
            return
        }
        if record.kind == .structure {
            guard let form = StructureForm(parsing: record.schemaText), UInt64(form.byteCount) == record.count else {
                return note("records", "what '\(name)' is cannot be read")
            }
            schemas[record.uid] = (record, Schema(.scalar(.uint8)))
            return
        }
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
        if dictionaries[key.uid] != nil {
            if key.chunk != 0 || value.byteCount != DictionaryShape.stripeCount * 8 {
                note("values", "the counts of the dictionary of identity \(key.uid) make no sense")
            }
            return
        }
        guard let (record, schema) = schemas[key.uid] else {
            return note("values", "there is a value of the identity \(key.uid), which no cell has")
        }
        let total = record.kind.isChunked ? Int(clamping: record.count) * schema.stride : schema.size
        let start = Int(key.chunk) << SegmentLayout.chunkShift
        guard start < max(total, 1),
            value.byteCount <= min(SegmentLayout.chunkSize, total - start)
                || record.kind == .value && value.byteCount <= total
        else { return note("values", "chunk \(key.chunk) of the identity \(key.uid) is longer than its cell") }
        // Written whole each time, so that no item is cut off.
        if record.kind == .structure, value.byteCount != min(SegmentLayout.chunkSize, total - start) {
            return note("values", "chunk \(key.chunk) of the identity \(key.uid) is shorter than it was written")
        }
        guard !schema.acceptsAllBits, record.kind == .value, value.byteCount == schema.size else { return }
        do throws(StoreError) {
            unsafe try value.withUnsafeBytes { (raw) throws(StoreError) in try unsafe schema.check(raw) }
        } catch { note("values", "the identity \(key.uid) has no value of its type: \(error.message)") }
    }

    // MARK: Entries of dictionaries

    private mutating func checkEntries(_ database: NamedDatabase, _ transaction: borrowing ReadTransaction)
        throws(StoreError)
    {
        var check = self
        var counts: [UInt64: [UInt64]] = [:]
        try transaction.forEach(in: database) { (key, value) throws(StoreError) in
            check.checkEntry(key.byteCount <= 511 ? EntryKey(key) : nil, value, &counts)
            return true
        }
        for uid in dictionaries.keys {
            let said = try catalogue.entryCounts(of: uid, in: transaction)
            if said != counts[uid] ?? [UInt64](repeating: 0, count: said.count) {
                check.note("entries", "the dictionary of identity \(uid) does not have as many entries as are counted")
            }
        }
        self = check
    }

    private mutating func checkEntry(_ key: EntryKey?, _ value: RawSpan, _ counts: inout [UInt64: [UInt64]]) {
        entries += 1
        guard let key else { return note("entries", "a key is none") }
        guard let type = dictionaries[key.uid] else {
            return note("entries", "there is an entry of the identity \(key.uid), which no dictionary has")
        }
        let stripes = DictionaryShape.stripeCount
        counts[key.uid, default: [UInt64](repeating: 0, count: stripes)][Int(key.hash % UInt64(stripes))] += 1
        let hash = unsafe key.key.withUnsafeBytes { unsafe KeyedHash.hash($0, seed: type.seed) }
        let head = type.expires ? 8 : 0
        guard hash == key.hash, type.key.fixedSize == nil || type.key.fixedSize == key.key.count else {
            return note("entries", "a key of the identity \(key.uid) is not where it belongs")
        }
        guard type.value.fixedSize == nil || type.value.fixedSize == value.byteCount - head, value.byteCount >= head
        else {
            return note("entries", "a value of the identity \(key.uid) has \(value.byteCount) bytes")
        }
    }
}

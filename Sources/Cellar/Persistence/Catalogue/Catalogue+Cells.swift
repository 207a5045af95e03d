extension Catalogue {
    /// Lengths that a cell's name may have, in bytes of UTF-8.
    static let nameByteCounts = 1...255

    /// The record of the cell `name`; nil if there is none. A record that cannot be read is `.corruptDatabase`.
    func cell(
        named name: String, in transaction: borrowing some DatabaseReading & ~Copyable
    ) throws(StoreError) -> CellRecord? {
        guard Self.nameByteCounts.contains(name.utf8.count) else { return nil }
        let found = try transaction.withValue(of: name.utf8.span, in: cells) { value in Self.record(value) }
        guard let found else { return nil }
        guard let record = found else {
            throw .damaged("\(database.directory)/data.mdb", "the record of the cell '\(name)' makes no sense")
        }
        return record
    }

    /// Calls `body` for each cell in the order of the names' bytes. The record is nil where it cannot be read.
    func forEachCell(
        in transaction: borrowing some DatabaseReading & ~Copyable,
        _ body: (_ name: [UInt8], _ record: CellRecord?) throws(StoreError) -> Void
    ) throws(StoreError) {
        try forEachCellText(in: transaction) { (name, value) throws(StoreError) in
            try body(name.copiedBytes, Self.record(value))
        }
    }

    private static func record(_ value: RawSpan) -> CellRecord? {
        value.byteCount <= CellRecord.maximumByteCount ? CellRecord(parsing: value.copiedBytes) : nil
    }

    /// Calls `body` with the name and the record of each cell as they stand, in the order of the names' bytes.
    func forEachCellText(
        in transaction: borrowing some DatabaseReading & ~Copyable,
        _ body: (_ name: RawSpan, _ record: RawSpan) throws(StoreError) -> Void
    ) throws(StoreError) {
        try transaction.forEach(in: cells) { (name, record) throws(StoreError) in
            // A length that no name has may lead out of the file: nothing of it is looked at.
            guard name.byteCount <= Self.nameByteCounts.upperBound else {
                throw .damaged("\(database.directory)/data.mdb", "a cell's name on disk has \(name.byteCount) bytes")
            }
            try body(name, record)
            return true
        }
    }

    /// How many cells there are.
    func cellCount(in transaction: borrowing some DatabaseReading & ~Copyable) throws(StoreError) -> Int {
        try transaction.count(of: cells)
    }

    /// Sets the record of the cell `name`.
    func putCell(
        named name: String, _ record: CellRecord, in transaction: borrowing WriteTransaction
    ) throws(StoreError) {
        guard Self.nameByteCounts.contains(name.utf8.count) else {
            throw StoreError(.invalidName, "a cell's name has 1 to 255 bytes, but '\(name)' has \(name.utf8.count)")
        }
        let text = record.encoded
        guard text.utf8.count <= CellRecord.maximumByteCount, CellRecord(parsing: text) == record else {
            throw StoreError(
                .unsupportedType, "the type of the cell '\(name)' cannot be recorded: \(record.schemaText.prefix(200))")
        }
        try transaction.put(text.utf8.span, for: name.utf8.span, in: cells)
    }

    /// Removes the record of the cell `name` if it is that of `uid`; false if not. Its values stay: see `deleteValues(uid:in:)`.
    @discardableResult
    func deleteCell(
        named name: String, ifUID uid: UInt64, in transaction: borrowing WriteTransaction
    ) throws(StoreError) -> Bool {
        guard try cell(named: name, in: transaction)?.uid == uid else { return false }
        return try transaction.delete(name.utf8.span, in: cells)
    }
}

extension RawSpan {
    /// A copy that may leave the transaction.
    var copiedBytes: [UInt8] { unsafe withUnsafeBytes { unsafe [UInt8]($0) } }
}

import CCellar

extension Attachment {
    /// The dictionary of the name and type, made if there is none. `capacity` and the seed are those it was made with.
    @usableFromInline
    func dictionary(
        _ name: String, key: EntryType, value: EntryType, expires: Bool, capacity: Int?, persistence: Persistence?
    ) throws(StoreError) -> DictionaryCore {
        try checkUsable()
        try key.requireKey()
        try DictionaryShape.check(valueSize: value.fixedSize)
        let wanted = DictionaryType(
            key: key, value: value, expires: expires, capacity: UInt64(max(capacity ?? 0, 0)),
            seed: UInt64.random(in: 0 ... .max))
        if let segment, let cell = try liveCell(name, segment) { return try core(cell, name, wanted, persistence) }
        if writePolicy == Self.readOnly { return try core(onDisk: name, wanted) }
        try CellName.check(name)
        // Made before anything refers to it; a checkpoint must find it.
        if persistence != .volatile { _ = try catalogue.entries(creates: true) }
        let cell = try bringIn(name, creates: true) { (bytes, catalog) throws(StoreError) in
            if let offset = try Directory(segment: catalog.segment).find(bytes) {
                let cell = try CellHeader(segment: catalog.segment, at: offset)
                if cell.state != .removed { return cell }
            } else if let record = try record(name) {
                guard record.kind == .dictionary else {
                    throw mismatch(try info(record, name: name), wanted, persistence)
                }
                return try bringIn(bytes, record, name, catalog)
            }
            return try catalog.create(
                bytes, Catalog.DictionaryRequest(type: wanted, isVolatile: persistence == .volatile))
        }
        return try core(cell, name, wanted, persistence)
    }

    /// Whatever dictionary has the name.
    func dictionary(_ name: String) throws(StoreError) -> DictionaryCore {
        try checkUsable()
        guard let info = try info(of: name) else { throw Self.noSuchCell(name, in: directory.path) }
        guard let types = info.entries else {
            throw StoreError(
                .mismatch, "'\(name)' is no dictionary, but \(info.kind.rawValue) of type '\(info.schema)'")
        }
        if writePolicy != Self.readOnly { try bringIn(name) }
        if let segment, let cell = try liveCell(name, segment) {
            let type = try DictionaryType(of: cell)
            return DictionaryCore(name, type, .memory(try DictionaryReference(cell)), self)
        }
        return try core(onDisk: name, DictionaryType(key: types.key, value: types.value))
    }

    private func core(
        _ cell: CellHeader, _ name: String, _ wanted: DictionaryType, _ persistence: Persistence?
    ) throws(StoreError) -> DictionaryCore {
        let found = try info(cell)
        guard let types = found.entries, types.key == wanted.key, types.value == wanted.value,
            persistence == nil || persistence == found.persistence
        else { throw mismatch(found, wanted, persistence) }
        let type = try DictionaryType(of: cell)
        guard type.expires == wanted.expires else { throw expiryMismatch(name, type.expires) }
        return DictionaryCore(name, type, .memory(try DictionaryReference(cell)), self)
    }

    private func core(onDisk name: String, _ wanted: DictionaryType) throws(StoreError) -> DictionaryCore {
        guard let record = try record(name) else { throw Self.noSuchCell(name, in: directory.path) }
        let found = try info(record, name: name)
        guard let types = found.entries, types.key == wanted.key, types.value == wanted.value else {
            throw mismatch(found, wanted, nil)
        }
        return DictionaryCore(name, try dictionaryType(record, name), .disk(record.uid), self)
    }

    private func mismatch(_ found: CellInfo, _ wanted: DictionaryType, _ persistence: Persistence?) -> StoreError {
        let present = CellWish.describe(found)
        let types = CellInfo.EntryTypes(key: wanted.key, value: wanted.value)
        return StoreError(
            .mismatch,
            "'\(found.name)' is \(present), and was asked for as \(CellWish.describe(types, persistence)): use its own type, or "
                + "another name")
    }

    private func expiryMismatch(_ name: String, _ expires: Bool) -> StoreError {
        StoreError(
            .mismatch,
            "entries of the dictionary '\(name)' can\(expires ? "" : "not") expire, and it was asked for as one where they "
                + "can\(expires ? "not" : ""): use its own type, or another name")
    }

    // MARK: Types

    func dictionaryType(_ record: CellRecord, _ name: String) throws(StoreError) -> DictionaryType {
        guard let type = DictionaryType(parsing: record.schemaText) else {
            throw StoreError(.corruptDatabase, "the type of the dictionary '\(name)' on disk cannot be read")
        }
        return type
    }

    /// A dictionary that the disk has: its entries stay there until they are asked for. Under the allocation lock.
    func bringIn(_ bytes: NameBytes, _ record: CellRecord, _ name: String, _ catalog: Catalog) throws(StoreError)
        -> CellHeader
    {
        let counts = try catalogue.database.read { (transaction) throws(StoreError) in
            try catalogue.entryCounts(of: record.uid, in: transaction)
        }
        return try catalog.create(
            bytes,
            Catalog.DictionaryRequest(
                type: try dictionaryType(record, name), isVolatile: false, stored: (record.uid, counts)))
    }
}

extension CellInfo {
    init(name: String, _ type: DictionaryType, persistence: Persistence, isInMemory: Bool) {
        var schema = Schema(.scalar(.uint8))
        if case .plain(let plain) = type.value { schema = plain }
        self.init(
            name: name, kind: .dictionary, schema: schema, count: 1, persistence: persistence,
            entries: EntryTypes(key: type.key, value: type.value), isInMemory: isInMemory)
    }
}

extension Store {
    /// What a name stands for; nil if there is no such cell. Brings nothing into memory.
    public func cellInfo(_ name: String) throws(StoreError) -> CellInfo? { try attachment.info(of: name) }

    /// The cell `name` through its schema; `.noSuchCell` if there is none.
    public func cell(_ name: String) throws(StoreError) -> UntypedCell {
        let found = try attachment.find(name, nil)
        guard let info = found.info else { throw Attachment.noSuchCell(name, in: path) }
        return UntypedCell(info, found.reference, image: found.image, attachment)
    }

    /// Makes a cell of a type that is only known by its schema, holding zeros, or `initial` (the bytes of one element)
    /// in every element. `.cellExists` if the name is taken.
    public func create(
        _ name: String, schema: Schema, count: Int? = nil, initial: [UInt8]? = nil,
        persistence: Persistence = .persistent
    ) throws(StoreError) -> UntypedCell {
        let wish = CellWish(
            kind: count == nil ? .value : .array, type: SchemaKey(schema), count: count ?? 1, persistence: persistence)
        if let initial {
            guard initial.count == schema.size else {
                throw StoreError(
                    .invalidValue, "a value of type '\(schema)' has \(schema.size) bytes, not \(initial.count)")
            }
            unsafe try initial.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe schema.check(bytes)
            }
        } else {
            try wish.requireZeroIsValue()
        }
        guard try attachment.info(of: name) == nil else {
            throw StoreError(.cellExists, "there is a cell '\(name)' already: remove it first, or use another name")
        }
        _ = try attachment.findOrCreate(name, wish) { reference in
            // No crash point: the block is nobody's yet.
            guard let initial else { return }
            for index in 0..<wish.count! {
                unsafe initial.withUnsafeBytes { bytes in
                    unsafe (reference.payload + index * reference.stride).copyMemory(
                        from: bytes.baseAddress!, byteCount: bytes.count)
                }
            }
        }
        withExtendedLifetime(schema) {}
        return try cell(name)
    }
}

extension Store {
    /// Makes a queue, log, list, block, pipe, lock or signal, empty and free, of which only `CellInfo.form` is known. Locks,
    /// signals and pipes are volatile, whatever `persistence` is.
    ///
    /// `.cellExists` if the name is taken; `.invalidValue` for what is no form; and as the functions that make each kind. A
    /// condition belongs to the mutex that its form says, by an identity of one store: make it with `condition(_:of:)`.
    public func createStructure(
        _ name: String, form text: String, persistence: Persistence = .persistent
    ) throws(StoreError) {
        guard let form = StructureForm(parsing: text) else {
            throw StoreError(.invalidValue, "'\(text.prefix(200))' is no form of a queue, a lock or the like")
        }
        guard try attachment.info(of: name) == nil else {
            throw StoreError(.cellExists, "there is a cell '\(name)' already: remove it first, or use another name")
        }
        let isKept = [.queue, .log, .list, .block].contains(form.kind)
        _ = try attachment.structure(name, form, isKept ? persistence : .volatile, kind: form.kind) { $0 == form }
    }
}

extension Store {
    /// The table or multimap `name` through what is on record of it; `.noSuchCell` if there is none. Does not block.
    public func untypedTable(_ name: String) throws(StoreError) -> UntypedTable {
        try attachment.checkUsable()
        let catalogue = attachment.catalogue
        let removals = catalogue.database.removals.load(ordering: .acquiring)
        guard let found = try catalogue.table(name) else { throw catalogue.noSuchTable(name) }
        return untyped(name, found, removals)
    }

    /// Makes a table of types that are only known by their texts: keys as in `TableInfo.keyType`, values `string`, `bytes`,
    /// `json` or a schema; values of a multimap as keys. `.cellExists` if the name is taken.
    ///
    /// - Parameter isOfProgram: types may also be ones that only a program knows, by the names of its codecs; keys and values are
    ///   then given as bytes.
    public func createTable(
        _ name: String, kind: TableInfo.Kind = .table, keys: String, values: String, isOfProgram: Bool = false
    ) throws(StoreError) -> UntypedTable {
        try attachment.checkWritable()
        try CellName.check(name)
        guard isOfProgram || TableKeyShape(parsing: keys).isKnown else {
            throw StoreError(.unsupportedType, "'\(keys)' is no type of keys: one is int64, string, (string, int64), …")
        }
        let shape = TableValueShape(parsing: values, kind: kind)
        guard isOfProgram || shape.isKnown else {
            throw StoreError(
                .unsupportedType, "'\(values)' is no type of values: one is string, bytes, json, double, …")
        }
        var types = TableTypes(kind: kind, keyType: keys, valueType: values)
        if case .plain(let schema) = shape { types.valueType = schema.description }
        let catalogue = attachment.catalogue
        guard try catalogue.table(name) == nil else {
            throw StoreError(.cellExists, "there is a table '\(name)' already: choose another name, or remove it")
        }
        let removals = catalogue.database.removals.load(ordering: .acquiring)
        let made = try catalogue.table(name, making: types, patience: attachment.options.lockTimeout)
        return untyped(name, made, removals)
    }

    private func untyped(_ name: String, _ table: OpenTable, _ removals: Int) -> UntypedTable {
        UntypedTable(
            TableInfo(name, table.record), TableCore(name, table, attachment: attachment, removals: removals))
    }
}

/// What elements of queues and logs are that are only known by their type's text: `string`, `bytes`, `json`, or a schema's.
struct ElementType {
    /// As it is put on record.
    let text: String
    /// Of what has any length nil.
    let size: Int?

    /// Throws `.unsupportedType`.
    init(parsing text: String) throws(StoreError) {
        let shape = TableValueShape(parsing: text, kind: .table)
        guard shape.isKnown else {
            throw StoreError(
                .unsupportedType, "'\(text)' is no type of elements: one is string, bytes, json, double, …")
        }
        guard case .plain(let schema) = shape else {
            (self.text, size) = (text, nil)
            return
        }
        (self.text, size) = (schema.description, schema.size)
    }
}

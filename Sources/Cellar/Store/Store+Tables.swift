extension Store {
    /// The table `name` of plain values (what cells can hold): the one that is there, or a new, empty one.
    ///
    /// Throws `.mismatch`, saying both sides, if it has other keys or values; `.invalidName`; `.unsupportedType`;
    /// `.readOnly` if there is none and none can be made.
    @inlinable
    public func table<Key: TableKey, Value: BitwiseCopyable & Sendable>(
        _ name: String, keys: Key.Type = Key.self, values: Value.Type = Value.self
    ) throws(StoreError) -> SharedTable<Key, Value> {
        try table(name, keys, try ValueCodec.plain())
    }

    /// The table `name` of text, bytes, or values that say what their bytes are.
    @inlinable
    public func table<Key: TableKey, Value: TableValue>(
        _ name: String, keys: Key.Type = Key.self, values: Value.Type = Value.self
    ) throws(StoreError) -> SharedTable<Key, Value> {
        try table(name, keys, ValueCodec.bytes)
    }

    /// The table `name` of values that a codec turns into bytes.
    public func table<Key: TableKey, Value: Sendable>(
        _ name: String, keys: Key.Type = Key.self, values: Value.Type = Value.self, codec: TableCodec<Value>
    ) throws(StoreError) -> SharedTable<Key, Value> {
        try table(name, keys, try codec.valueCodec())
    }

    /// The multimap `name`: a table in which a key has any number of values.
    public func multimap<Key: TableKey, Value: TableKey>(
        _ name: String, keys: Key.Type = Key.self, values: Value.Type = Value.self
    ) throws(StoreError) -> SharedMultimap<Key, Value> {
        SharedMultimap(
            name, try open(name, TableTypes(kind: .multimap, keyType: Key.keyType, valueType: Value.keyType)))
    }

    @usableFromInline
    func table<Key: TableKey, Value: Sendable>(
        _ name: String, _ keys: Key.Type, _ codec: ValueCodec<Value>
    ) throws(StoreError) -> SharedTable<Key, Value> {
        let types = TableTypes(kind: .table, keyType: Key.keyType, valueType: codec.type)
        return SharedTable(name, try open(name, types), codec)
    }

    func open(_ name: String, _ types: TableTypes) throws(StoreError) -> TableCore {
        try attachment.checkUsable()
        try CellName.check(name)
        let catalogue = attachment.catalogue
        let removals = catalogue.database.removals.load(ordering: .acquiring)
        guard attachment.options.access == .readOnly else {
            let found = try catalogue.table(name, making: types, patience: attachment.options.lockTimeout)
            return TableCore(name, found, attachment: attachment, removals: removals)
        }
        guard let found = try catalogue.table(name) else {
            throw StoreError(.readOnly, "there is no table '\(name)', and the store '\(path)' was opened read-only")
        }
        try catalogue.require(found.record, types, name)
        return TableCore(name, found, attachment: attachment, removals: removals)
    }

    // MARK: All tables

    /// The tables of the store, by name. Does not block.
    public func tables() throws(StoreError) -> [TableInfo] {
        try attachment.checkUsable()
        return try attachment.catalogue.allTables().map { TableInfo($0.name, $0.record) }
    }

    /// Removes a table with all its entries; false if there is none. On disk when it returns.
    ///
    /// Handles to it, in any process, throw `.removed` from then on, and waiting for its changes ends. Waits for the writer of
    /// any process as long as the store's `lockTimeout`, and for this process's own transactions: not to be called inside one.
    @discardableResult
    public func removeTable(_ name: String) throws(StoreError) -> Bool {
        try attachment.checkWritable()
        let removed = try attachment.catalogue.removeTable(name, patience: attachment.options.lockTimeout)
        guard let removed else { return false }
        crashPoint("remove table: committed")
        attachment.watchWord(ofTable: removed)?.tell()
        return true
    }

    /// Gives a table another name. Handles to it stay good. On disk when it returns; waits as `removeTable`.
    ///
    /// Throws `.noSuchCell` if there is none, `.cellExists` if the new name is taken, `.invalidName`.
    public func renameTable(_ name: String, to newName: String) throws(StoreError) {
        try attachment.checkWritable()
        try CellName.check(newName)
        try attachment.catalogue.renameTable(name, to: newName, patience: attachment.options.lockTimeout)
    }
}

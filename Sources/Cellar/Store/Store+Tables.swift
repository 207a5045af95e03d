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

    @usableFromInline
    func table<Key: TableKey, Value: Sendable>(
        _ name: String, _ keys: Key.Type, _ codec: ValueCodec<Value>
    ) throws(StoreError) -> SharedTable<Key, Value> {
        try attachment.checkUsable()
        try CellName.check(name)
        let wanted = TableRecord(keyType: Key.keyType, valueType: codec.type)
        let creates = attachment.options.access == .readWrite
        guard let entries = try attachment.catalogue.table(name, wanted, creates: creates) else {
            throw StoreError(.readOnly, "there is no table '\(name)', and the store '\(path)' was opened read-only")
        }
        return SharedTable(name, TableCore(entries: entries, attachment: attachment), codec)
    }
}

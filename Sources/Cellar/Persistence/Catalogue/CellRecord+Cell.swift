extension CellHeader {
    /// What the catalogue is to say of the cell.
    func makeRecord() throws(StoreError) -> CellRecord {
        if kind == .dictionary {
            let part = try DictionaryPart(self)
            let type = DictionaryType(
                key: try part.keyType(in: segment), value: try part.valueType(in: segment), expires: part.expires,
                capacity: part.capacity, seed: part.seed)
            return CellRecord(uid: uid, kind: .dictionary, schemaText: type.encoded)
        }
        let schema = try SchemaTable(segment: segment).schema(at: schema)
        return CellRecord(
            uid: uid, kind: kind == .array ? .array : .value, count: count, schemaText: schema.description)
    }
}

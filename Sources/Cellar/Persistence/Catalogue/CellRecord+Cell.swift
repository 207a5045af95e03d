extension CellHeader {
    /// What the catalogue is to say of the cell.
    func makeRecord() throws(StoreError) -> CellRecord {
        if kind == .dictionary {
            return CellRecord(uid: uid, kind: .dictionary, schemaText: try DictionaryType(of: self).encoded)
        }
        if kind == .structure {
            let form = try StructureReference(self).form
            return CellRecord(uid: uid, kind: .structure, count: count, schemaText: form.text)
        }
        let schema = try SchemaTable(segment: segment).schema(at: schema)
        return CellRecord(
            uid: uid, kind: kind == .array ? .array : .value, count: count, schemaText: schema.description)
    }
}

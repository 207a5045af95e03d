/// What a dictionary is: its types, and what cannot change later.
struct DictionaryType: Hashable, Sendable {
    var key: EntryType
    var value: EntryType
    /// Whether entries can have a time to live.
    var expires = false
    /// The most entries; 0 = any number.
    var capacity: UInt64 = 0
    /// Of the hash. Not part of what is compared with what somebody asks for.
    var seed: UInt64 = 0
}

extension DictionaryType {
    /// What a dictionary's cell says of itself.
    init(of cell: CellHeader) throws(StoreError) {
        let part = try DictionaryPart(cell)
        self.init(
            key: try part.keyType(in: cell.segment), value: try part.valueType(in: cell.segment), expires: part.expires,
            capacity: part.capacity, seed: part.seed)
    }

    /// One line, that is kept on disk.
    var encoded: String {
        let key = key.description
        return
            "seed=\(seed) capacity=\(capacity) expires=\(expires ? 1 : 0) key=\(key.utf8.count):\(key) value=\(value)"
    }
}

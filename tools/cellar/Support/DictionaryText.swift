import Cellar

/// What the tool says of dictionaries.
enum DictionaryLines {
    /// `key: value`.
    static func types(_ info: CellInfo) -> String {
        info.entries.map { Printable.line("\($0.key): \($0.value)") } ?? ""
    }
}

extension Store {
    /// The dictionary of the name; nil if the name is another thing's, or nobody's.
    func dictionaryIfAny(_ name: String) throws -> UntypedDictionary? {
        do throws(StoreError) { return try untypedDictionary(name) } catch {
            if error.code == .mismatch || error.code == .noSuchCell || error.code == .invalidName { return nil }
            throw error
        }
    }
}

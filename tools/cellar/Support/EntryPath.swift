import Cellar

extension EntrySource {
    /// What `NAME[KEY]` stands for: a dictionary or table, and the text of a key. Nil if no part of the text is the name of one,
    /// or a cell has all of it as its name.
    static func entry(_ text: String, in store: Store) throws -> (source: EntrySource, key: String)? {
        guard text.hasSuffix("]"), try !store.contains(text) else { return nil }
        for bracket in text.indices where text[bracket] == "[" {
            guard let source = try EntrySource(String(text[..<bracket]), in: store) else { continue }
            return (source, String(text[text.index(after: bracket)...].dropLast()))
        }
        return nil
    }
}

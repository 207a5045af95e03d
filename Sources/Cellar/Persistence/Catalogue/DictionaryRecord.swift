/// What is on record of a dictionary's type, as the `type=` of its `CellRecord`: a line such as
/// `seed=5 capacity=0 expires=0 key=6:string value={x: double @0}`. The number before the key's type is its length.
extension DictionaryType {
    /// Nil for what `encoded` does not write.
    init?(parsing text: String) {
        var rest = Substring(text)
        guard let seed = Self.number(&rest, "seed=", " "), let capacity = Self.number(&rest, "capacity=", " "),
            let expires = Self.number(&rest, "expires=", " "), expires <= 1,
            let length = Self.number(&rest, "key=", ":"), length <= UInt64(rest.utf8.count)
        else { return nil }
        let end = rest.utf8.index(rest.utf8.startIndex, offsetBy: Int(length))
        let keyText = rest[..<end]
        rest = rest[end...]
        guard rest.utf8.starts(with: " value=".utf8) else { return nil }
        let valueText = String(Substring(rest.utf8.dropFirst(7)))
        do throws(StoreError) {
            key = try EntryType(parsing: String(keyText))
            value = try EntryType(parsing: valueText)
            try key.requireKey()
            try DictionaryShape.check(valueSize: value.fixedSize)
        } catch { return nil }
        self.seed = seed
        self.capacity = capacity
        self.expires = expires == 1
    }

    private static func number(_ text: inout Substring, _ prefix: String, _ end: Character) -> UInt64? {
        guard text.utf8.starts(with: prefix.utf8) else { return nil }
        let rest = Substring(text.utf8.dropFirst(prefix.utf8.count))
        guard let stop = rest.firstIndex(of: end), let number: UInt64 = DecimalText.parse(rest[..<stop].utf8) else {
            return nil
        }
        text = rest[rest.index(after: stop)...]
        return number
    }
}

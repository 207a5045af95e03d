/// What a transaction or a snapshot read, to be looked at once more: if all of it is still the same, it was of one moment.
struct ReadSet: ~Copyable {
    /// Words, as they were.
    private var words: [(element: SharedElement, word: UInt64)] = []
    /// Whether what is not one word is the same.
    private var others: [() throws(StoreError) -> Bool] = []

    /// Reads an element of up to 8 bytes.
    @inline(__always)
    mutating func load(_ element: SharedElement) -> UInt64 {
        let word = element.load()
        words.append((element, word))
        return word
    }

    mutating func note(_ isSame: @escaping () throws(StoreError) -> Bool) { others.append(isSame) }

    func isCurrent() throws(StoreError) -> Bool {
        for (element, word) in words where element.load() != word { return false }
        for isSame in others where try !isSame() { return false }
        return true
    }

    mutating func clear() {
        words.removeAll(keepingCapacity: true)
        others.removeAll(keepingCapacity: true)
    }
}

import Glibc

/// What a transaction or a snapshot read, to be looked at once more: if all of it is still the same, it was of one moment.
struct ReadSet: ~Copyable {
    /// Words, as they were.
    private var words: [(element: SharedElement, word: UInt64)] = []
    /// Values of more than 8 bytes, as they were: theirs are the bytes of `bytes` from `start` on.
    private var values: [(reader: CellReader, start: Int)] = []
    private var bytes: [UInt8] = []
    /// Whether what is neither is the same.
    private var others: [() throws(StoreError) -> Bool] = []

    /// Reads an element of up to 8 bytes.
    @inline(__always)
    mutating func load(_ element: SharedElement) -> UInt64 {
        let word = element.load()
        words.append((element, word))
        return word
    }

    /// Notes what a value was.
    @unsafe
    mutating func note(_ reader: CellReader, was value: UnsafeRawBufferPointer) {
        values.append((reader, bytes.count))
        unsafe bytes.append(contentsOf: value)
    }

    mutating func note(_ isSame: @escaping () throws(StoreError) -> Bool) { others.append(isSame) }

    func isCurrent() throws(StoreError) -> Bool {
        for (element, word) in words where element.load() != word { return false }
        for (reader, start) in values where !isCurrent(reader, start) { return false }
        for isSame in others where try !isSame() { return false }
        return true
    }

    private func isCurrent(_ reader: CellReader, _ start: Int) -> Bool {
        let size = reader.reference.size
        return unsafe withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { now in
            unsafe reader.copyValue(to: now.baseAddress!, size: size)
            return unsafe bytes.withUnsafeBytes { unsafe memcmp($0.baseAddress! + start, now.baseAddress!, size) == 0 }
        }
    }

    mutating func clear() {
        words.removeAll(keepingCapacity: true)
        if !values.isEmpty {
            values.removeAll(keepingCapacity: true)
            bytes.removeAll(keepingCapacity: bytes.count < 1 << 16)
        }
        if !others.isEmpty { others.removeAll(keepingCapacity: true) }
    }
}

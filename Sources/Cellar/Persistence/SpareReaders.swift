/// Read transactions that are over, kept to be begun again: that costs a third of beginning a new one, since each keeps its
/// slot in LMDB's table of readers. They see nothing and keep no page from being used again meanwhile.
struct SpareReaders {
    private var spares: [RawTransaction] = []
    /// As many as threads are likely to read at once.
    private static let most = 8

    mutating func take() -> RawTransaction? { spares.popLast() }

    /// Keeps a transaction that was reset; false if there are enough.
    mutating func keep(_ reader: RawTransaction) -> Bool {
        guard spares.count < Self.most else { return false }
        spares.append(reader)
        return true
    }

    /// Ends all: before the map changes, or goes.
    mutating func release() {
        for spare in spares { spare.abort() }
        spares = []
    }
}

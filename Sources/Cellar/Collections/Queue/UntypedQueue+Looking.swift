extension UntypedQueue {
    /// How many items were ever put. Nil of what only the disk has. Takes no lock; O(1).
    public var putCount: UInt64? {
        guard case .memory(let core) = source else { return nil }
        return core.putCount
    }

    /// When the oldest item that is to be delivered or acknowledged was put, in milliseconds since 1970; nil if there is none.
    /// Takes no lock; O(capacity).
    public func oldestPut() throws(StoreError) -> UInt64? {
        try itemInfos().filter { $0.state != .dead }.map(\.putAt).min()
    }
}

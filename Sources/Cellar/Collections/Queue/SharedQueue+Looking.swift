extension SharedQueue {
    /// Copies of what is to be delivered or acknowledged, in the order in which it would be delivered: for looking at a queue,
    /// not for consuming it.
    ///
    /// Takes no lock and changes nothing: each element is whole, but what is put or got meanwhile may be among them or not.
    /// O(capacity).
    public func elementsInOrder() throws(StoreError) -> [Element] {
        var items: [QueueItemInfo] = []
        try core.forEach { (item) throws(StoreError) in
            if item.state != .dead { items.append(item) }
            return true
        }
        items.sort { ($1.priority, $0.sequence) < ($0.priority, $1.sequence) }
        return try items.map { (item) throws(StoreError) in try element(item.bytes) }
    }
}

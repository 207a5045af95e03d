import Cellar

/// The store of the tests that count every item: the queue, and what became of each item. Used by the test and its workers.
public struct ItemAccounts {
    public static let most = 16
    public let queue: SharedQueue<Int>
    /// Of each producer: items it began to put, and those it knows it put.
    public let begun: SharedArray<Int>
    public let done: SharedArray<Int>
    /// Of each item, how often it was seen; and whether its producer died while it put it.
    public let seen: SharedArray<Int32>
    public let unsure: SharedArray<UInt8>
    /// Of each consumer, the items it has, + 1.
    public let held: SharedArray<Int>

    public init(_ store: Store, items: Int) throws {
        queue = try store.queue("items", options: QueueOptions(capacity: 512))
        begun = try store.array("begun", count: 16)
        done = try store.array("done", count: 16)
        seen = try store.array("seen", count: items, persistence: .volatile)
        unsure = try store.array("unsure", count: items, persistence: .volatile)
        held = try store.array("held", count: 16 * Self.most, persistence: .volatile)
    }
}

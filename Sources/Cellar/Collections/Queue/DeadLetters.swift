/// Items that were delivered as often as they may be, and never acknowledged. They keep their places in the queue's capacity
/// until somebody takes them out or has them delivered again.
public struct DeadLetters<Element: Sendable>: Sendable {
    let queue: SharedQueue<Element>

    /// How many there are. O(1); takes no lock.
    public var count: Int { get throws(StoreError) { try queue.core.depth().dead } }

    /// Takes the oldest out for good; nil if there is none. O(capacity). Throws `.invalidValue` where the bytes are no element
    /// of the type, in which case it is gone too.
    public func take() throws(StoreError) -> Element? {
        try queue.core.takeDead().map { (item) throws(StoreError) in try queue.element(item.bytes) }
    }

    /// Has all of them delivered again, each in its place in the order, as if they never were. Returns how many.
    @discardableResult
    public func retry() throws(StoreError) -> Int { try queue.core.reviveDead() }
}

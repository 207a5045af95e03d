/// A queue between processes: any number put, any number get, in the order of putting.
///
/// It is bounded: a full queue has who puts wait, or try again. Elements are plain values, text, bytes, or what a codec makes
/// bytes of, of some length at most. An element is there as a whole or not at all, whoever is killed, and a process that dies
/// in the middle of anything keeps nobody waiting. What a persistent queue holds goes to disk with the next checkpoint, as
/// cells do, and is back after a restart; `sync: true` waits for that.
///
/// There are two ways to take an item. `get` takes it for good: if the process dies afterwards, the item is lost with it.
/// `lease` takes it until it is acknowledged: if the process dies before, rejects it, or keeps it for too long, the item goes
/// back to its place in the order and to somebody else. After `maximumDeliveries` it is set aside (`deadLetters`).
///
/// A handle can be copied and sent anywhere. Operations that wait block the thread; the `async` ones wait without.
public struct SharedQueue<Element: Sendable>: Sendable {
    @usableFromInline let core: QueueCore
    @usableFromInline let codec: ValueCodec<Element>
    /// Of a plain element of which any bytes are a value, how many there are; else -1.
    @usableFromInline let plainCount: Int

    @usableFromInline
    init(_ core: QueueCore, _ codec: ValueCodec<Element>) {
        self.core = core
        self.codec = codec
        plainCount = codec.plainCount
    }

    // MARK: Putting

    /// Puts an element behind all others of its priority; waits while the queue is full.
    ///
    /// - Parameters:
    ///   - element: is copied.
    ///   - priority: higher ones are delivered first; from 0 to the number of priorities the queue was made with, less 1.
    ///   - delay: the element is not delivered before that time; then it takes the place in the order that it was put at.
    ///   - timeout: how long to wait for room; nil for as long as it takes.
    ///   - sync: returns when the element is on disk. Where that fails, the error comes out and the element is in the queue.
    ///
    /// O(1) (O(log delayed) with a delay). Throws `.timedOut`, `.closed` once the queue is closed, `.invalidValue` for an
    /// element that is too long, `.readOnly`, `.removed`.
    @inlinable
    public func put(
        _ element: Element, priority: Int = 0, delay: Duration? = nil, timeout: Duration? = nil, sync: Bool = false
    ) throws(StoreError) {
        let options = QueueCore.PutOptions(priority: priority, delay: delay)
        guard try put(element, options, QueuePatience(timeout)) else { throw core.stayedFull }
        if sync { try core.sync() }
    }

    /// The same if there is room now; false if not. Does not wait but for the queue's lock.
    @inlinable
    public func tryPut(_ element: Element, priority: Int = 0, delay: Duration? = nil) throws(StoreError) -> Bool {
        try put(element, QueueCore.PutOptions(priority: priority, delay: delay), .none)
    }

    @inlinable @inline(__always)
    func put(_ element: Element, _ options: QueueCore.PutOptions, _ patience: QueuePatience) throws(StoreError) -> Bool
    {
        // One place in memory for both ways: with one each, the plain one would copy what it has just written from there.
        try unsafe withUnsafePointer(to: element) { (place) throws(StoreError) in
            guard plainCount >= 0 else { return try putEncoded(unsafe place.pointee, options, patience) }
            return unsafe try core.put(UnsafeRawBufferPointer(start: place, count: plainCount), options, patience)
        }
    }

    @inlinable @inline(never)
    func putEncoded(
        _ element: Element, _ options: QueueCore.PutOptions, _ patience: QueuePatience
    ) throws(StoreError) -> Bool {
        var isPut = false
        unsafe try codec.encode(element) { (bytes) throws(StoreError) in
            isPut = unsafe try core.put(bytes, options, patience)
        }
        return isPut
    }

    // MARK: Getting

    /// Takes the next element for good; waits while there is none. Nil at the end: the queue was closed and all is delivered.
    ///
    /// O(1). Throws `.timedOut` after `timeout` (nil: waits for as long as it takes), `.invalidValue` where the bytes are no
    /// element of the type (the item is gone then), `.readOnly`, `.removed`, `.closed` once the store is.
    @inlinable
    public func get(timeout: Duration? = nil) throws(StoreError) -> Element? { try get(QueuePatience(timeout)) }

    /// The same if there is an element now; nil if not, closed or not. Does not wait but for the queue's lock.
    @inlinable
    public func tryGet() throws(StoreError) -> Element? { try get(.none) }

    @inlinable @inline(__always)
    func get(_ patience: QueuePatience) throws(StoreError) -> Element? {
        // A variable for both ways to meet in: else the element would go over the stack once more to where they do.
        var element: Element?
        if plainCount < 0 {
            element = try getEncoded(patience)
        } else {
            try unsafe withUnsafeTemporaryAllocation(of: Element.self, capacity: 1) { (place) throws(StoreError) in
                let place = unsafe place.baseAddress.unsafelyUnwrapped
                switch unsafe try core.getPlain(patience, plainCount, to: place) {
                case .done: element = unsafe place.move()
                case .end, .cancelled: break
                case .wait: try core.nothingCame(patience)
                }
            }
        }
        return element
    }

    @usableFromInline
    func getEncoded(_ patience: QueuePatience) throws(StoreError) -> Element? {
        var copy: [UInt8] = []
        let result = try unsafe core.get(patience) { (bytes) throws(StoreError) in copy = unsafe [UInt8](bytes) }
        switch result {
        case .done: return try taken(copy)
        case .end, .cancelled: return nil
        case .wait:
            try core.nothingCame(patience)
            return nil
        }
    }

    @inlinable
    func element(_ bytes: [UInt8]) throws(StoreError) -> Element {
        do throws(StoreError) {
            return unsafe try bytes.span.withUnsafeBytes { (raw) throws(StoreError) in unsafe try codec.decode(raw) }
        } catch { throw core.badElement(error) }
    }

    /// The element of an item that was taken for good. If it is none, nobody else can say that the item is done.
    func taken(_ bytes: [UInt8]) throws(StoreError) -> Element {
        do throws(StoreError) { return try element(bytes) } catch {
            try? core.taskDone()
            throw error
        }
    }

    // MARK: Done

    /// Says that an item that was got for good has been dealt with. Throws `.invalidValue` if that was said of all of them
    /// already.
    ///
    /// `lease` needs none: to acknowledge is to say so. What a process got and did not mark done counts as done when the
    /// process dies.
    public func taskDone() throws(StoreError) { try core.taskDone() }

    /// Waits until every item that was put is done: marked so, acknowledged, or set aside. Throws `.timedOut`.
    public func join(timeout: Duration? = nil) throws(StoreError) {
        guard try core.join(until: MonotonicClock.deadline(after: timeout)) else { throw core.stayedUnfinished }
    }

    // MARK: State

    /// How many elements are to be delivered, now or later. O(1); takes no lock.
    public var count: Int {
        get throws(StoreError) {
            let depth = try core.depth()
            return depth.ready + depth.delayed
        }
    }

    /// Whether nothing is to be delivered or acknowledged. O(1); takes no lock.
    public var isEmpty: Bool { get throws(StoreError) { try count == 0 } }

    /// How many items are in which state. O(1); takes no lock.
    public var depth: QueueDepth { get throws(StoreError) { try core.depth() } }

    /// The most items: ready, delayed, leased and set aside together.
    public var capacity: Int { core.shape.capacity }

    /// From now on nothing can be put; who gets comes to the end when all is delivered and acknowledged. A closed queue stays
    /// closed over a restart.
    public func close() throws(StoreError) { try core.close() }

    /// Undoes `close`.
    public func reopen() throws(StoreError) { try core.reopen() }

    /// Whether nothing more can be put. Takes no lock.
    public var isClosed: Bool { core.isClosed }

    /// Removes all that is ready, delayed or set aside; what is leased stays. Returns how many items. O(capacity).
    @discardableResult
    public func removeAll() throws(StoreError) -> Int { try core.removeAll() }

    /// Waits until all changes so far, and everything else stored before, is on disk. See `Store.sync`.
    public func sync() throws(StoreError) { try core.sync() }

    /// Whether the queue was removed since the handle was made.
    public var isRemoved: Bool { core.cell.reference.cell.isRemoved }

    /// What was delivered `maximumDeliveries` times and never acknowledged.
    public var deadLetters: DeadLetters<Element> { DeadLetters(queue: self) }
}

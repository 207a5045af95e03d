/// A queue handled through what is on record of it, for programs that do not have its Swift type: the command-line tool. It
/// can be used beside the typed handles.
///
/// Elements are given as people write them: numbers and text as they stand, structs as `{x: 1}`, bytes in hexadecimal, what
/// the codec `json` made as JSON. Of a store that was opened read-only it can be looked at, in memory or on disk.
public struct UntypedQueue: Sendable {
    /// What the queue is.
    public let info: CellInfo
    let source: Source
    let shape: QueueShape
    let elements: TableValueShape

    enum Source: Sendable {
        case memory(QueueCore)
        case disk(QueueImage)
    }

    init(_ info: CellInfo, _ source: Source, _ shape: QueueShape) {
        self.info = info
        self.source = source
        self.shape = shape
        elements = TableValueShape(parsing: shape.element, kind: .table)
    }

    // MARK: What it was made as

    /// What an element is: a schema's text, `string`, `bytes`, or the name of a codec.
    public var elementType: String { shape.element }
    /// The most items.
    public var capacity: Int { shape.capacity }
    /// Priorities are the numbers from 0 to this, less 1.
    public var priorities: Int { shape.priorities }
    /// The longest element in bytes.
    public var maximumByteCount: Int { shape.room }
    /// Nil where a lease lasts for as long as its holder lives.
    public var leaseTime: Duration? { shape.lease == 0 ? nil : .milliseconds(shape.lease) }
    /// Nil where no item is set aside.
    public var maximumDeliveries: Int? { shape.deliveries == 0 ? nil : shape.deliveries }

    // MARK: Putting

    /// Puts one element after another, all of them checked before the first is put. Returns how many were put before
    /// `timeout` was over: all, unless it was. See `SharedQueue.put`.
    ///
    /// Throws `.invalidValue` for what is no element, is too long, or for a priority that the queue does not have; `.closed`,
    /// `.readOnly`, `.removed`.
    @discardableResult
    public func put(
        _ texts: [String], priority: Int = 0, delay: Duration? = nil, timeout: Duration? = nil, sync: Bool = false
    ) throws(StoreError) -> Int {
        let core = try core
        guard (0..<shape.priorities).contains(priority) else {
            throw StoreError(
                .invalidValue,
                "the queue '\(info.name)' has the priorities 0 to \(shape.priorities - 1), not \(priority)")
        }
        let elements = try texts.map { (text) throws(StoreError) in try bytes(parsing: text) }
        let options = QueueCore.PutOptions(priority: priority, delay: delay)
        let count = try core.putSome(elements, options, until: MonotonicClock.deadline(after: timeout))
        if sync { try core.sync() }
        return count
    }

    func bytes(parsing text: String) throws(StoreError) -> [UInt8] {
        do throws(StoreError) { return try elements.bytes(parsing: text) } catch { throw error.about(info.name) }
    }

    // MARK: Getting

    /// Leases the next item; waits while there is none. Nil at the end. See `SharedQueue.lease`.
    public func lease(timeout: Duration? = nil) throws(StoreError) -> QueueLease<TableContent>? {
        let core = try core
        try core.checkWritable()
        var found: (bytes: [UInt8], ticket: QueueTicket)?
        let result = try unsafe core.lease(1, until: MonotonicClock.deadline(after: timeout)) {
            (bytes, ticket) throws(StoreError) in
            found = unsafe ([UInt8](bytes), ticket)
        }
        if result == .wait { throw core.stayedEmpty }
        guard let found else { return nil }
        do throws(StoreError) {
            return QueueLease(element: try content(of: found.bytes), core: core, ticket: found.ticket)
        } catch {
            try core.reject(found.ticket, delay: .zero)
            throw error
        }
    }

    func content(of bytes: [UInt8]) throws(StoreError) -> TableContent {
        do throws(StoreError) { return try elements.content(of: bytes) } catch {
            throw StoreError(
                .invalidValue,
                "the queue '\(info.name)' has an element of \(bytes.count) bytes that is no '\(shape.element)'")
        }
    }

    /// Waits until all changes so far are on disk. See `Store.sync`.
    public func sync() throws(StoreError) { try core.sync() }

    var core: QueueCore {
        get throws(StoreError) {
            switch source {
            case .memory(let core): return core
            case .disk:
                throw StoreError(
                    .readOnly,
                    "the store of the queue '\(info.name)' was opened read-only, where it can only be looked at")
            }
        }
    }

    // MARK: Looking

    /// One item that is there.
    public struct Item: Sendable {
        /// How it stands.
        public var info: QueueItemInfo
        /// The element.
        public var value: TableContent
    }

    /// All items: what is ready in the order of its delivery; then what is delayed, the first that is due before others; what
    /// is leased; and what was set aside. Takes no lock and changes nothing: see `SharedQueue.elementsInOrder`.
    public func items() throws(StoreError) -> [Item] {
        let found = try itemInfos().sorted { Self.place($0) < Self.place($1) }
        return try found.map { (item) throws(StoreError) in Item(info: item, value: try content(of: item.bytes)) }
    }

    private static func place(_ item: QueueItemInfo) -> (Int, UInt64, Int, UInt64) {
        switch item.state {
        case .ready: (0, 0, -item.priority, item.sequence)
        case .delayed: (1, item.due, -item.priority, item.sequence)
        case .leased: (2, 0, -item.priority, item.sequence)
        case .dead: (3, 0, 0, item.sequence)
        }
    }

    func itemInfos() throws(StoreError) -> [QueueItemInfo] {
        var items: [QueueItemInfo] = []
        switch source {
        case .memory(let core):
            try core.forEach { (item) throws(StoreError) in
                items.append(item)
                return true
            }
        case .disk(let image): try image.forEach { (item) throws(StoreError) in items.append(item) }
        }
        return items
    }

    /// How many items are in which state. O(1) in memory, O(capacity) from disk.
    public func depth() throws(StoreError) -> QueueDepth {
        switch source {
        case .memory(let core): try core.depth()
        case .disk: QueueDepth(counting: try itemInfos())
        }
    }

    /// Whether nothing more can be put. Takes no lock.
    public var isClosed: Bool {
        switch source {
        case .memory(let core): core.isClosed
        case .disk(let image): image.isClosed
        }
    }
}

extension QueueDepth {
    /// The states of items that were looked at; nothing is known of those that were taken.
    public init(counting items: some Sequence<QueueItemInfo>) {
        self.init()
        for item in items {
            switch item.state {
            case .ready: ready += 1
            case .delayed: delayed += 1
            case .leased: leased += 1
            case .dead: dead += 1
            }
        }
    }
}

/// What a queue is to be. What is left nil is as it is in a queue that is there, or else as said here. None of it can change
/// after the queue was made.
public struct QueueOptions: Sendable {
    /// The most items (1024). Memory for all of them is taken when the queue is made.
    public var capacity: Int?
    /// Priorities are the numbers from 0 to this, less 1 (1; at most 64).
    public var priorities: Int?
    /// The longest element in bytes (256), where elements have any length (text, bytes, codecs): each item has room for so
    /// many.
    public var maximumByteCount: Int?
    /// How long a lease lasts before its item goes to somebody else (for as long as its holder lives).
    public var leaseTime: Duration?
    /// After so many deliveries an item that was not acknowledged is set aside (never).
    public var maximumDeliveries: Int?
    /// Whether the queue is on disk (persistent).
    public var persistence: Persistence?

    /// What is nil is as it stands beside the property; of a queue that is there, as the queue has it.
    public init(
        capacity: Int? = nil, priorities: Int? = nil, maximumByteCount: Int? = nil, leaseTime: Duration? = nil,
        maximumDeliveries: Int? = nil, persistence: Persistence? = nil
    ) {
        self.capacity = capacity
        self.priorities = priorities
        self.maximumByteCount = maximumByteCount
        self.leaseTime = leaseTime
        self.maximumDeliveries = maximumDeliveries
        self.persistence = persistence
    }
}

extension Store {
    /// The queue `name` of plain elements (what cells can hold): the one that is there, or a new, empty one.
    ///
    /// Throws `.mismatch`, saying both sides, if it has other elements, or other options than those that are given;
    /// `.invalidName`; `.unsupportedType`; `.memoryFull`; `.readOnly`.
    @inlinable
    public func queue<Element: BitwiseCopyable & Sendable>(
        _ name: String, of type: Element.Type = Element.self, options: QueueOptions = QueueOptions()
    ) throws(StoreError) -> SharedQueue<Element> {
        try queue(name, try ValueCodec<Element>.plain(), MemoryLayout<Element>.size, options)
    }

    /// The queue `name` of text or bytes.
    @inlinable
    public func queue<Element: TableValue>(
        _ name: String, of type: Element.Type = Element.self, options: QueueOptions = QueueOptions()
    ) throws(StoreError) -> SharedQueue<Element> {
        try queue(name, ValueCodec<Element>.bytes, nil, options)
    }

    /// The queue `name` of elements that a codec turns into bytes.
    public func queue<Element: Sendable>(
        _ name: String, of type: Element.Type = Element.self, codec: TableCodec<Element>,
        options: QueueOptions = QueueOptions()
    ) throws(StoreError) -> SharedQueue<Element> {
        try queue(name, try codec.valueCodec(), nil, options)
    }

    @usableFromInline
    func queue<Element: Sendable>(
        _ name: String, _ codec: ValueCodec<Element>, _ size: Int?, _ options: QueueOptions
    ) throws(StoreError) -> SharedQueue<Element> {
        let shape = try options.shape(element: codec.type, size: size)
        let cell = try attachment.structure(name, shape.form, options.persistence, kind: .queue) {
            QueueShape(parsing: $0.text).map { options.accept($0, element: codec.type, size: size) } ?? false
        }
        return SharedQueue(QueueCore(cell, QueueShape(parsing: cell.form.text) ?? shape), codec)
    }
}

extension QueueOptions {
    /// What a new queue is to be.
    func shape(element: String, size: Int?) throws(StoreError) -> QueueShape {
        precondition(capacity.map { $0 > 0 } ?? true, "a queue has room for at least one item")
        precondition(
            priorities.map { (1...QueueShape.mostPriorities).contains($0) } ?? true,
            "a queue has 1 to \(QueueShape.mostPriorities) priorities")
        precondition(maximumByteCount.map { $0 >= 0 } ?? true, "a number of bytes is not negative")
        precondition(maximumDeliveries.map { $0 > 0 } ?? true, "an item is delivered at least once")
        let shape = QueueShape(
            capacity: capacity ?? 1024, priorities: priorities ?? 1, room: size ?? maximumByteCount ?? 256,
            lease: leaseMilliseconds ?? 0, deliveries: maximumDeliveries ?? 0, element: element)
        guard shape.isPossible else {
            throw StoreError(
                .memoryFull,
                "a queue of \(shape.capacity) items of \(shape.room) bytes is larger than a queue can be: make it smaller"
            )
        }
        return shape
    }

    private var leaseMilliseconds: Int? {
        leaseTime.map { max(Int(clamping: $0.nanoseconds / 1_000_000), 1) }
    }

    /// Whether a queue is what is asked for.
    func accept(_ shape: QueueShape, element: String, size: Int?) -> Bool {
        func agrees(_ wanted: Int?, _ found: Int) -> Bool { wanted == nil || wanted == found }
        return shape.element == element && agrees(capacity, shape.capacity) && agrees(priorities, shape.priorities)
            && agrees(size ?? maximumByteCount, shape.room) && agrees(leaseMilliseconds, shape.lease)
            && agrees(maximumDeliveries, shape.deliveries)
    }
}

extension Store {
    /// The queue `name` through what is on record of it; `.noSuchCell`, `.mismatch` if the name is no queue's.
    public func untypedQueue(_ name: String) throws(StoreError) -> UntypedQueue {
        guard let info = try attachment.info(of: name) else { throw Attachment.noSuchCell(name, in: path) }
        guard info.kind == .queue, let shape = info.form.flatMap({ QueueShape(parsing: $0) }) else {
            throw StoreError(
                .mismatch, "'\(name)' is \(CellWish.describe(info)), and no queue: 'cellar ls' lists what there is")
        }
        if let image = try attachment.queueImage(name, shape) { return UntypedQueue(info, .disk(image), shape) }
        let cell = try attachment.structure(name, nil, nil, kind: .queue) { $0 == shape.form }
        return UntypedQueue(info, .memory(QueueCore(cell, shape)), shape)
    }

    /// Makes a queue of elements that are only known by their type's text: `string`, `bytes`, `json`, or a schema's.
    /// `.cellExists` if the name is taken, `.unsupportedType`, and as `queue`.
    public func createQueue(
        _ name: String, element: String, options: QueueOptions = QueueOptions()
    ) throws(StoreError) -> UntypedQueue {
        let type = try ElementType(parsing: element)
        let shape = try options.shape(element: type.text, size: type.size)
        try createStructure(name, form: shape.text, persistence: options.persistence ?? .persistent)
        return try untypedQueue(name)
    }
}

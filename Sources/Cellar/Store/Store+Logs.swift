/// What a log is to be. What is left nil is as it is in a log that is there, or else as said here. None of it can change after
/// the log was made.
public struct LogOptions: Sendable {
    /// The most entries that are kept (4096). Memory for all of them is taken when the log is made.
    public var capacity: Int?
    /// The most bytes of elements that are kept (as many as there is room for).
    public var retainedByteCount: Int?
    /// How long entries are kept (for as long as there is room). Older ones go when the next is appended.
    public var maximumAge: Duration?
    /// The longest element in bytes (256), where elements have any length.
    public var maximumByteCount: Int?
    /// Whether the log is on disk (persistent).
    public var persistence: Persistence?

    /// What is nil is as it stands beside the property; of a log that is there, as the log has it.
    public init(
        capacity: Int? = nil, retainedByteCount: Int? = nil, maximumAge: Duration? = nil, maximumByteCount: Int? = nil,
        persistence: Persistence? = nil
    ) {
        self.capacity = capacity
        self.retainedByteCount = retainedByteCount
        self.maximumAge = maximumAge
        self.maximumByteCount = maximumByteCount
        self.persistence = persistence
    }
}

extension Store {
    /// The log `name` of plain elements (what cells can hold): the one that is there, or a new, empty one.
    ///
    /// Throws `.mismatch`, saying both sides, if it has other elements, or other options than those that are given;
    /// `.invalidName`; `.unsupportedType`; `.memoryFull`; `.readOnly`.
    @inlinable
    public func log<Element: BitwiseCopyable & Sendable>(
        _ name: String, of type: Element.Type = Element.self, options: LogOptions = LogOptions()
    ) throws(StoreError) -> SharedLog<Element> {
        try log(name, try ValueCodec<Element>.plain(), MemoryLayout<Element>.size, options)
    }

    /// The log `name` of text or bytes.
    @inlinable
    public func log<Element: TableValue>(
        _ name: String, of type: Element.Type = Element.self, options: LogOptions = LogOptions()
    ) throws(StoreError) -> SharedLog<Element> {
        try log(name, ValueCodec<Element>.bytes, nil, options)
    }

    /// The log `name` of elements that a codec turns into bytes.
    public func log<Element: Sendable>(
        _ name: String, of type: Element.Type = Element.self, codec: TableCodec<Element>,
        options: LogOptions = LogOptions()
    ) throws(StoreError) -> SharedLog<Element> {
        try log(name, try codec.valueCodec(), nil, options)
    }

    @usableFromInline
    func log<Element: Sendable>(
        _ name: String, _ codec: ValueCodec<Element>, _ size: Int?, _ options: LogOptions
    ) throws(StoreError) -> SharedLog<Element> {
        let shape = try options.shape(element: codec.type, size: size)
        let cell = try attachment.structure(name, shape.form, options.persistence, kind: .log) {
            LogShape(parsing: $0.text).map { options.accept($0, element: codec.type, size: size) } ?? false
        }
        return SharedLog(LogCore(cell, LogShape(parsing: cell.form.text) ?? shape), codec)
    }
}

extension Store {
    /// The log `name` through what is on record of it; `.noSuchCell`, `.mismatch` if the name is no log's. Of a store that was
    /// opened read-only it can be looked at, in memory or on disk.
    public func untypedLog(_ name: String) throws(StoreError) -> UntypedLog {
        if let (form, image) = try attachment.structureImage(name, kind: .log), let shape = LogShape(parsing: form.text)
        {
            return UntypedLog(name, .disk(image), shape)
        }
        let cell = try attachment.structure(name, nil, nil, kind: .log) { _ in true }
        guard let shape = LogShape(parsing: cell.form.text) else {
            throw cell.segment.corrupt("what the log '\(name)' is makes no sense")
        }
        return UntypedLog(name, .memory(LogCore(cell, shape)), shape)
    }
}

extension Store {
    /// Makes a log of elements that are only known by their type's text: `string`, `bytes`, `json`, or a schema's.
    /// `.cellExists` if the name is taken, `.unsupportedType`, and as `log`.
    public func createLog(
        _ name: String, element: String, options: LogOptions = LogOptions()
    ) throws(StoreError) -> UntypedLog {
        let type = try ElementType(parsing: element)
        let shape = try options.shape(element: type.text, size: type.size)
        try createStructure(name, form: shape.text, persistence: options.persistence ?? .persistent)
        return try untypedLog(name)
    }
}

extension LogOptions {
    /// What a new log is to be.
    func shape(element: String, size: Int?) throws(StoreError) -> LogShape {
        precondition(capacity.map { $0 > 0 } ?? true, "a log has room for at least one entry")
        precondition(
            (maximumByteCount ?? 0) >= 0 && (retainedByteCount ?? 0) >= 0, "a number of bytes is not negative")
        let shape = LogShape(
            capacity: capacity ?? 4096, room: size ?? maximumByteCount ?? 256, bytes: retainedByteCount ?? 0,
            age: ageMilliseconds ?? 0, element: element)
        guard shape.isPossible else {
            throw StoreError(
                .memoryFull,
                "a log of \(shape.capacity) entries of \(shape.room) bytes is larger than a log can be: make it smaller"
            )
        }
        return shape
    }

    private var ageMilliseconds: Int? { maximumAge.map { max(Int(clamping: $0.nanoseconds / 1_000_000), 1) } }

    /// Whether a log is what is asked for.
    func accept(_ shape: LogShape, element: String, size: Int?) -> Bool {
        func agrees(_ wanted: Int?, _ found: Int) -> Bool { wanted == nil || wanted == found }
        return shape.element == element && agrees(capacity, shape.capacity)
            && agrees(size ?? maximumByteCount, shape.room)
            && agrees(retainedByteCount, shape.bytes) && agrees(ageMilliseconds, shape.age)
    }
}

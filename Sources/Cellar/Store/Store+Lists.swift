extension Store {
    /// The list `name`: the one that is there, or a new, empty one with room for `capacity` elements.
    ///
    /// Throws `.mismatch`, saying both sides, if it has another type, capacity or persistence, or is no list; `.invalidName`;
    /// `.unsupportedType`, naming the field; `.memoryFull`.
    @inlinable
    public func list<Element: BitwiseCopyable>(
        _ name: String, of type: Element.Type = Element.self, capacity: Int, persistence: Persistence = .persistent
    ) throws(StoreError) -> SharedList<Element> {
        precondition(capacity > 0, "a list's capacity is at least 1")
        return try list(name, try Schema.of(type), capacity, persistence)
    }

    /// The list `name`, of whatever capacity, which must be there: `.noSuchCell` otherwise.
    @inlinable
    public func list<Element: BitwiseCopyable>(
        _ name: String, of type: Element.Type = Element.self
    ) throws(StoreError) -> SharedList<Element> {
        try list(name, try Schema.of(type), nil, nil)
    }

    @usableFromInline
    func list<Element: BitwiseCopyable>(
        _ name: String, _ element: Schema, _ capacity: Int?, _ persistence: Persistence?
    ) throws(StoreError) -> SharedList<Element> {
        let wanted = capacity.map { ListShape(capacity: $0, element: element) }
        if let wanted, !wanted.isPossible {
            throw StoreError(
                .memoryFull, "a list of \(wanted.capacity) elements of type '\(element)' fits in no segment")
        }
        let cell = try attachment.structure(name, wanted?.form, persistence, kind: .list) { form in
            guard let found = ListShape(parsing: form.text) else { return false }
            return found.element == element && (capacity == nil || capacity == found.capacity)
        }
        return SharedList(try ListCore(cell), checked: element.acceptsAllBits ? nil : element)
    }

    /// Makes a list of elements of which only the schema is known. `.cellExists` if the name is taken, and as `list`.
    public func createList(
        _ name: String, element: Schema, capacity: Int, persistence: Persistence = .persistent
    ) throws(StoreError) -> UntypedList {
        precondition(capacity > 0, "a list's capacity is at least 1")
        let shape = ListShape(capacity: capacity, element: element)
        guard shape.isPossible else {
            throw StoreError(.memoryFull, "a list of \(capacity) elements of type '\(element)' fits in no segment")
        }
        try createStructure(name, form: shape.text, persistence: persistence)
        return try untypedList(name)
    }

    /// The list `name` through what is on record of it; `.noSuchCell`, `.mismatch` if the name is no list's.
    public func untypedList(_ name: String) throws(StoreError) -> UntypedList {
        guard let info = try attachment.info(of: name) else { throw Attachment.noSuchCell(name, in: path) }
        if let (form, image) = try attachment.structureImage(name, kind: .list),
            let shape = ListShape(parsing: form.text)
        {
            return UntypedList(info, .disk(image), shape)
        }
        let core = try ListCore(try attachment.structure(name, nil, nil, kind: .list) { _ in true })
        return UntypedList(info, .memory(core), core.shape)
    }
}

extension Store {
    /// The cell `name` through its schema; `.noSuchCell` if there is none.
    public func cell(_ name: String) throws(StoreError) -> UntypedCell {
        let found = try attachment.find(name, nil)
        guard let info = found.info else { throw Attachment.noSuchCell(name, in: path) }
        return UntypedCell(info, found.reference, image: found.image, attachment)
    }

    /// Makes a cell of a type that is only known by its schema, holding zeros, or `initial` (the bytes of one element)
    /// in every element. `.cellExists` if the name is taken.
    public func create(
        _ name: String, schema: Schema, count: Int? = nil, initial: [UInt8]? = nil,
        persistence: Persistence = .persistent
    ) throws(StoreError) -> UntypedCell {
        let wish = CellWish(
            kind: count == nil ? .value : .array, type: SchemaKey(schema), count: count ?? 1, persistence: persistence)
        if let initial {
            guard initial.count == schema.size else {
                throw StoreError(
                    .invalidValue, "a value of type '\(schema)' has \(schema.size) bytes, not \(initial.count)")
            }
            unsafe try initial.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe schema.check(bytes)
            }
        } else {
            try wish.requireZeroIsValue()
        }
        guard try attachment.info(of: name) == nil else {
            throw StoreError(.cellExists, "there is a cell '\(name)' already: remove it first, or use another name")
        }
        _ = try attachment.findOrCreate(name, wish) { reference in
            // No crash point: the block is nobody's yet.
            guard let initial else { return }
            for index in 0..<wish.count! {
                unsafe initial.withUnsafeBytes { bytes in
                    unsafe (reference.payload + index * reference.stride).copyMemory(
                        from: bytes.baseAddress!, byteCount: bytes.count)
                }
            }
        }
        withExtendedLifetime(schema) {}
        return try cell(name)
    }
}

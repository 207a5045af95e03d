extension UntypedDictionary {
    /// Whether keys have an order: text, bytes, UUIDs, and numbers of up to 64 bits have one.
    public var isOrdered: Bool {
        switch core.type.key {
        case .text, .bytes: true
        case .plain(let schema): (try? order.bytes(sorting: [UInt8](repeating: 0, count: schema.size))) != nil
        }
    }

    /// Calls `body` with the entries of the range in the order of their keys, as tables sort, until it returns false. Copies
    /// them first. O(n log n) of all entries. Throws `.unsupportedType` where keys have no order.
    public func forEach(in range: UntypedTable.Range, _ body: (Entry) throws -> Bool) throws {
        let bounds = try range.bytes(order)
        var found: [(place: [UInt8], entry: EntryBytes)] = []
        try core.forEach { (entry) throws(StoreError) in
            guard let place = try order.bytes(sorting: entry.key) else {
                throw StoreError(
                    .unsupportedType, "the keys of '\(info.name)' are '\(core.type.key)', which have no order")
            }
            if !place.lexicographicallyPrecedes(bounds.lower),
                bounds.upper.map({ place.lexicographicallyPrecedes($0) }) ?? true
            {
                found.append((place, entry))
            }
            return true
        }
        found.sort { range.isReversed != $0.place.lexicographicallyPrecedes($1.place) }
        for found in found where try !body(entry(of: found.entry)) { return }
    }

    private var order: TableKeyShape { TableKeyShape(parsing: core.type.key.description) }
}

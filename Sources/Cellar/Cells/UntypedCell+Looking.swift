/// For programs that look at a cell again and again, and want to know how much is going on.
extension UntypedCell {
    /// How often the value was stored since it came into memory. Nil of values of up to 8 bytes and of arrays, where nobody
    /// counts, and of what only the disk has. Takes no lock; O(1).
    public var storeCount: UInt64? {
        guard info.kind == .value, info.schema.size > 8, info.isInMemory else { return nil }
        return storeSequence >> 1
    }

    /// The version of the elements in the range, which is not empty, and of those beside it in the same 64 KiB. See `version`;
    /// in a read-only process O(bytes in the range). Throws `.invalidValue` where the cell has no such elements.
    public func version(of range: Range<Int>) throws(StoreError) -> CellVersion {
        guard range.lowerBound >= 0, range.upperBound <= info.count, !range.isEmpty else {
            throw StoreError(.invalidValue, "'\(info.name)' has no elements \(range)")
        }
        return try info.kind == .value ? version() : watch(range).version()
    }
}

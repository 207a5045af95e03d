/// For programs that look at a dictionary again and again, and want to know whether something is going on.
extension UntypedDictionary {
    /// A dictionary's entries are spread over so many parts.
    public static var partCount: Int { DictionaryShape.stripeCount }

    /// The version of one part, 0 up to `partCount`: another one after entries of that part have become others. Nil of what
    /// only the disk has. Takes no lock and writes nothing, O(entries of the part); made by another handle of the same
    /// dictionary, it is the same.
    public func version(ofPart part: Int) throws(StoreError) -> CellVersion? {
        guard (0..<Self.partCount).contains(part) else {
            throw StoreError(.invalidValue, "a dictionary has no part \(part): it has \(Self.partCount)")
        }
        return try core.digest(ofStripe: part).map { CellVersion(firstChunk: part, numbers: [$0]) }
    }
}

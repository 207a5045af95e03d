/// Something that a check of a store found.
public struct StoreFinding: Sendable, Hashable {
    /// What it means for the store.
    public enum Kind: String, Sendable, CaseIterable {
        /// Bytes that nothing of ours writes: memory or disk is damaged.
        case damaged
        /// A process died in the middle of something. Whoever comes to it next finishes or undoes it, or is told.
        case unfinished
        /// Memory that nobody can use until the next restart. Harmless.
        case wasted
    }

    /// How bad it is.
    public var kind: Kind
    /// The structure it was found in: `directory`, `cells`, `records`, …
    public var structure: String
    /// What is wrong, on one line.
    public var text: String
}

/// How many things of a structure were looked at.
public struct StoreCount: Sendable, Hashable {
    /// What was counted.
    public var structure: String
    /// How many there are.
    public var count: Int
    /// What was counted, in the plural.
    public var unit: String
}

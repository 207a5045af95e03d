import Cellar

/// What `cellar watch` looks at again and again.
protocol Watched {
    /// What changed since the last look, a line each; at the first look, what there is.
    mutating func changes(json: Bool) throws -> [String]

    /// Whether what others change shows: what only the disk has is to be looked for anew.
    var isInMemory: Bool { get }

    /// Looks for it anew, in memory that is another than before perhaps: what is there now may be what was shown last, or not.
    mutating func find(in store: Store, isAnew: Bool) throws
}

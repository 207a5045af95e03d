/// What LMDB keeps of one tree, in its header or, of a named database, in a record of the main tree: 48 bytes.
///
/// | offset | bytes | what |
/// |---|---|---|
/// | 4 | 2 | flags |
/// | 6 | 2 | depth |
/// | 40 | 8 | root page |
struct DatabaseTree {
    static let byteCount = 48
    static let none = UInt64.max
    /// Flags that say how keys and values are ordered.
    static let orderFlags: UInt16 = 0x7E
    static let numberKeys: UInt16 = 0x08
    static let severalValues: UInt16 = 0x04
    /// LMDB's cursors have room for so many levels.
    private static let maximumDepth: UInt16 = 32

    let flags: UInt16
    let depth: UInt16
    let root: UInt64

    init?(_ bytes: [UInt8], at offset: Int) {
        guard let flags = bytes.integer(at: offset + 4, as: UInt16.self),
            let depth = bytes.integer(at: offset + 6, as: UInt16.self),
            let root = bytes.integer(at: offset + 40, as: UInt64.self)
        else { return nil }
        self.flags = flags
        self.depth = depth
        self.root = root
    }

    /// Whether there can be such a tree: empty, or with a root behind the two header pages.
    func isPossible(lastPage: UInt64) -> Bool {
        root == Self.none ? depth == 0 : depth > 0 && depth <= Self.maximumDepth && root > 1 && root <= lastPage
    }
}

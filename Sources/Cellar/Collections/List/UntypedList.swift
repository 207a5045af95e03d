/// A list handled through its schema, for programs that do not have its Swift type: the command-line tool. Reads only.
public struct UntypedList: Sendable {
    /// What the list is.
    public let info: CellInfo
    private let core: ListCore

    init(_ info: CellInfo, _ core: ListCore) {
        self.info = info
        self.core = core
    }

    /// The elements' type.
    public var element: Schema { core.shape.element }
    /// The most elements.
    public var capacity: Int { core.shape.capacity }
    /// How many elements there are. O(1).
    public func count() throws(StoreError) -> Int { try core.count() }

    /// All elements, as of one moment. O(n).
    public func elements() throws(StoreError) -> [CellContent] {
        let bytes = try core.bytes()
        return try element.content(of: bytes, count: bytes.count / core.shape.stride)
    }
}

/// A list handled through its schema, for programs that do not have its Swift type: the command-line tool.
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

    /// Puts elements behind the last, all in one step, as `SharedList.append(contentsOf:)`. Throws `.invalidValue` for what is
    /// none. O(n).
    public func append(contentsOf contents: [CellContent]) throws(StoreError) {
        // No crash point: see `ListCore.append`.
        var bytes: [UInt8] = []
        for content in contents {
            bytes += try element.bytes(of: content)
            bytes += [UInt8](repeating: 0, count: core.shape.stride - element.size)
        }
        unsafe try bytes.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in
            if let start = bytes.baseAddress { unsafe try core.append(start, count: contents.count) }
        }
    }
}

/// A list handled through its schema, for programs that do not have its Swift type: the command-line tool.
public struct UntypedList: Sendable {
    /// What the list is.
    public let info: CellInfo
    private let source: Source
    private let shape: ListShape

    enum Source: Sendable {
        case memory(ListCore)
        case disk(StructureImage)
    }

    init(_ info: CellInfo, _ source: Source, _ shape: ListShape) {
        self.info = info
        self.source = source
        self.shape = shape
    }

    /// The elements' type.
    public var element: Schema { shape.element }
    /// The most elements.
    public var capacity: Int { shape.capacity }
    /// How many elements there are. O(1) in memory, O(n) from disk.
    public func count() throws(StoreError) -> Int {
        switch source {
        case .memory(let core): try core.count()
        case .disk(let image): try image.elements(of: shape).count / shape.stride
        }
    }

    /// All elements, as of one moment. O(n).
    public func elements() throws(StoreError) -> [CellContent] {
        let bytes = try bytes()
        return try element.content(of: bytes, count: bytes.count / shape.stride)
    }

    private func bytes() throws(StoreError) -> [UInt8] {
        switch source {
        case .memory(let core): try core.bytes()
        case .disk(let image): try image.elements(of: shape)
        }
    }

    /// What is wrong with the elements.
    func check() throws(StoreError) -> ContentFaults {
        var faults = ContentFaults(of: info.name)
        let bytes = try bytes()
        faults.count = bytes.count / shape.stride
        if element.acceptsAllBits { return faults }
        for index in 0..<faults.count where !faults.isEnough {
            do throws(StoreError) {
                let start = index * shape.stride
                unsafe try bytes.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in
                    unsafe try element.check(UnsafeRawBufferPointer(rebasing: bytes[start..<start + element.size]))
                }
            } catch { faults.add("has at \(index) no element: \(error.message)") }
        }
        return faults
    }

    /// Puts elements behind the last, all in one step, as `SharedList.append(contentsOf:)`. Throws `.invalidValue` for what is
    /// none. O(n).
    public func append(contentsOf contents: [CellContent]) throws(StoreError) {
        // No crash point: see `ListCore.append`.
        guard case .memory(let core) = source else {
            throw StoreError(.readOnly, "the store of the list '\(info.name)' was opened read-only")
        }
        var bytes: [UInt8] = []
        for content in contents {
            bytes += try element.bytes(of: content)
            bytes += [UInt8](repeating: 0, count: shape.stride - element.size)
        }
        unsafe try bytes.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in
            if let start = bytes.baseAddress { unsafe try core.append(start, count: contents.count) }
        }
    }
}

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
    /// How many elements there are. O(1).
    public func count() throws(StoreError) -> Int {
        switch source {
        case .memory(let core): try core.count()
        case .disk(let image): try image.count(of: shape)
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
        case .disk(let image): image.elements(0..<(try image.count(of: shape)), of: shape)
        }
    }

    /// What is wrong with the elements. Takes little memory, whatever the disk says of them.
    func check() throws(StoreError) -> ContentFaults {
        var faults = ContentFaults(of: info.name)
        faults.count = try count()
        if element.acceptsAllBits { return faults }
        switch source {
        case .memory(let core):
            let bytes = try core.bytes()
            faults.count = bytes.count / shape.stride
            note(bytes, from: 0, &faults)
        case .disk(let image):
            for piece in try image.pieces(of: shape) where !faults.isEnough {
                note(image.elements(piece, of: shape), from: piece.lowerBound, &faults)
            }
        }
        return faults
    }

    private func note(_ bytes: [UInt8], from first: Int, _ faults: inout ContentFaults) {
        for index in 0..<bytes.count / shape.stride where !faults.isEnough {
            do throws(StoreError) {
                let start = index * shape.stride
                unsafe try bytes.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in
                    unsafe try element.check(UnsafeRawBufferPointer(rebasing: bytes[start..<start + element.size]))
                }
            } catch { faults.add("has at \(first + index) no element: \(error.message)") }
        }
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

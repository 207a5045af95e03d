import CCellar

/// What a list is: its content is a head with the count, and room for the elements.
struct ListShape: Hashable, Sendable {
    /// The most elements.
    var capacity: Int
    var element: Schema

    static let mostElements = 1 << 40
    static let mostBytes = 1 << 44

    init(capacity: Int, element: Schema) {
        self.capacity = capacity
        self.element = element
    }

    init?(parsing text: String) {
        guard var fields = FormText(text, .list), let capacity = fields.number("capacity"),
            let last = fields.last("element"), let element = try? Schema(parsing: last)
        else { return nil }
        self.init(capacity: capacity, element: element)
        guard isPossible else { return nil }
    }

    var isPossible: Bool {
        guard (1...Self.mostElements).contains(capacity) else { return false }
        let bytes = stride.multipliedReportingOverflow(by: capacity)
        return !bytes.overflow && bytes.partialValue <= Self.mostBytes
    }

    var text: String { "list capacity=\(capacity) element=\(element)" }

    var form: StructureForm {
        StructureForm(kind: .list, text: text, byteCount: Self.head + capacity * stride, index: .init(byteCount: 64))
    }

    // MARK: The content

    static let head = MemoryLayout<cellar_list>.size
    /// Bytes from one element to the next.
    var stride: Int { max(element.stride, 1) }
}

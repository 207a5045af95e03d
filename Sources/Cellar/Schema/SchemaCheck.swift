/// A place in a value whose bytes may not be just anything.
struct SchemaCheck: Sendable {
    enum Rule: Sendable {
        case bool
        case enumeration(size: Int, bits: Set<UInt64>)
        case string(capacity: Int)
    }

    var offset: Int
    var rule: Rule

    static func checks(of shape: Schema.Shape, at offset: Int) -> [SchemaCheck] {
        switch shape {
        case .scalar(.bool): [SchemaCheck(offset: offset, rule: .bool)]
        case .scalar, .simd, .uuid: []
        case .string(let capacity): [SchemaCheck(offset: offset, rule: .string(capacity: capacity))]
        case .enumeration(let size, let cases):
            [SchemaCheck(offset: offset, rule: .enumeration(size: size, bits: Set(cases.map(\.bits))))]
        case .array(let element, let count):
            element.checks.isEmpty
                ? []
                : (0..<count).flatMap { index in
                    element.checks.map {
                        SchemaCheck(offset: offset + index * element.stride + $0.offset, rule: $0.rule)
                    }
                }
        case .structure(let fields):
            fields.flatMap { field in
                field.schema.checks.map { SchemaCheck(offset: offset + field.offset + $0.offset, rule: $0.rule) }
            }
        }
    }

    /// Whether the bytes at the place are allowed. The buffer holds the whole value.
    @unsafe
    func isKept(by bytes: UnsafeRawBufferPointer) -> Bool {
        switch rule {
        case .bool: return unsafe bytes[offset] <= 1
        case .enumeration(let size, let bits):
            var word: UInt64 = 0
            for index in 0..<size { word |= UInt64(unsafe bytes[offset + index]) << UInt64(index * 8) }
            return bits.contains(word)
        case .string(let capacity):
            return Int(unsafe bytes[offset]) | Int(unsafe bytes[offset + 1]) << 8 <= capacity
        }
    }
}

extension Schema {
    /// Throws `.invalidValue`, naming the field, if the bytes are no value of the type. O(places to check).
    @usableFromInline @unsafe
    func check(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
        for check in checks where unsafe !check.isKept(by: bytes) {
            throw StoreError(
                .invalidValue,
                "the bytes of \(path(to: check.offset)) are no value of the type '\(self)': the store is damaged, or "
                    + "another program wrote it without Cellar")
        }
    }

    /// The same for a value of up to 8 bytes in the low bytes of a word.
    @usableFromInline
    func check(word: UInt64) throws(StoreError) {
        let copy = word.littleEndian
        try unsafe withUnsafeBytes(of: copy) { (bytes) throws(StoreError) in try unsafe check(bytes) }
    }

    /// The field at an offset, for messages.
    private func path(to offset: Int) -> String {
        guard case .structure(let fields) = shape,
            let field = fields.last(where: { $0.offset <= offset })
        else { return "the value" }
        let rest = field.schema.path(to: offset - field.offset)
        return rest == "the value" ? "field '\(field.name)'" : "field '\(field.name)', \(rest)"
    }
}

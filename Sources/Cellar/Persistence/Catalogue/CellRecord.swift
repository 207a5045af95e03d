/// What the catalogue says of one cell: a line of readable text such as
/// `uid=42 kind=array count=1000 type={x: double @0, y: double @8}`. The type comes last, for it has spaces.
struct CellRecord: Hashable, Sendable {
    enum Kind: String, Hashable, Sendable, CaseIterable {
        case value
        case array
        case dictionary
        /// A queue, a lock, …: `count` bytes, and the type is the form's text.
        case structure

        /// Whether its content is in chunks.
        var isChunked: Bool { self == .array || self == .structure }
    }

    /// The longest record that is read or written, in bytes.
    static let maximumByteCount = 64 * 1024

    /// Identity of the cell, never given twice in a store's life. Names its values.
    var uid: UInt64
    var kind: Kind
    /// How many elements: 1 or more, and exactly 1 for a value.
    var count: UInt64
    /// The text of the schema. Whether it is a schema is for the reader to find out.
    var schemaText: String

    init(uid: UInt64, kind: Kind, count: UInt64 = 1, schemaText: String) {
        self.uid = uid
        self.kind = kind
        self.count = count
        self.schemaText = schemaText
    }

    /// Reads what `encoded` writes; nil for anything else. Fields are in this order and separated by one space.
    init?(parsing bytes: [UInt8]) {
        guard bytes.count <= Self.maximumByteCount, let text = String(validating: bytes, as: UTF8.self) else {
            return nil
        }
        self.init(parsing: text)
    }

    init?(parsing text: String) {
        let fields = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count == 4,
            let uid = Self.number(fields[0], after: "uid="),
            let kind = Self.rest(of: fields[1], after: "kind=").flatMap({ Kind(rawValue: String($0)) }),
            let count = Self.number(fields[2], after: "count="), count >= 1,
            let schema = Self.rest(of: fields[3], after: "type="), Self.isLine(schema),
            kind.isChunked || count == 1
        else { return nil }
        self.init(uid: uid, kind: kind, count: count, schemaText: String(schema))
    }

    /// The line. It can be read back if the schema is one line and not empty.
    var encoded: String { "uid=\(uid) kind=\(kind.rawValue) count=\(count) type=\(schemaText)" }

    private static func rest(of field: Substring, after prefix: String) -> Substring? {
        // Compared as bytes: as characters, a combining mark could hide in the prefix's last one.
        guard field.utf8.starts(with: prefix.utf8) else { return nil }
        return Substring(field.utf8.dropFirst(prefix.utf8.count))
    }

    private static func number(_ field: Substring, after prefix: String) -> UInt64? {
        guard let digits = rest(of: field, after: prefix) else { return nil }
        return DecimalText.parse(digits.utf8)
    }

    private static func isLine(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}

import CCellar

/// What a log is, and where its parts lie: a header, the groups, and a ring of entries with room for an element each.
struct LogShape: Hashable, Sendable {
    /// The most entries that are kept.
    var capacity: Int
    /// The longest element, in bytes.
    var room: Int
    /// The most bytes of elements that are kept; 0 = as many as there is room for.
    var bytes: Int
    /// How long an entry is kept, in milliseconds; 0 = for as long as there is room.
    var age: Int
    /// What an element is: a schema's text, `string`, `bytes`, or the name of a codec.
    var element: String

    var text: String { "log capacity=\(capacity) room=\(room) bytes=\(bytes) age=\(age) element=\(element)" }

    init(capacity: Int, room: Int, bytes: Int, age: Int, element: String) {
        self.capacity = capacity
        self.room = room
        self.bytes = bytes
        self.age = age
        self.element = element
    }

    init?(parsing text: String) {
        guard var fields = FormText(text, .log), let capacity = fields.number("capacity"),
            let room = fields.number("room"), let bytes = fields.number("bytes"), let age = fields.number("age"),
            let element = fields.last("element")
        else { return nil }
        self.init(capacity: capacity, room: room, bytes: bytes, age: age, element: element)
        guard isPossible else { return nil }
    }

    var isPossible: Bool {
        (1...QueueShape.mostItems).contains(capacity) && room >= 0 && room < QueueShape.mostBytes / capacity
            && FormText.holds(bytes) && FormText.holds(age) && !element.isEmpty
    }

    var form: StructureForm {
        StructureForm(
            kind: .log, text: text, byteCount: entries + capacity * stride,
            index: .init(byteCount: MemoryLayout<cellar_log_index>.size, bellCount: 1))
    }

    static let head = MemoryLayout<cellar_log_content>.size
    static let entryHead = MemoryLayout<cellar_log_entry>.size
    static let groupSize = MemoryLayout<cellar_log_group>.size
    static let mostGroups = Int(CELLAR_LOG_GROUPS)
    static let longestName = Int(CELLAR_LOG_GROUP_NAME)

    /// Where the entries begin, in the content.
    var entries: Int { Self.head + Self.mostGroups * Self.groupSize }
    /// Bytes from one entry to the next.
    var stride: Int { Self.entryHead + Rounding.up(room, to: 8) }
}

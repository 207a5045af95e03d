import CCellar

/// What a queue is, and where its parts lie.
///
/// The content is a header and the items, each with room for an element. The index has, behind its own header: the rings of
/// the priorities, their places in the order; the heap of what is not due; the links of the lists of free and leased items;
/// and what each process took for good.
struct QueueShape: Hashable, Sendable {
    /// The most items.
    var capacity: Int
    /// Priorities are 0 ..< this.
    var priorities: Int
    /// The longest element, in bytes.
    var room: Int
    /// How long a lease lasts, in milliseconds; 0 = for as long as its holder lives.
    var lease: Int
    /// After so many deliveries an item that comes back is set aside; 0 = never.
    var deliveries: Int
    /// What an element is: a schema's text, `string`, `bytes`, or the name of a codec.
    var element: String

    static let mostPriorities = 64
    static let mostItems = 1 << 26
    static let mostBytes = 1 << 40

    // MARK: The text

    var text: String {
        "queue capacity=\(capacity) priorities=\(priorities) room=\(room) lease=\(lease) deliveries=\(deliveries) "
            + "element=\(element)"
    }

    init(capacity: Int, priorities: Int, room: Int, lease: Int, deliveries: Int, element: String) {
        self.capacity = capacity
        self.priorities = priorities
        self.room = room
        self.lease = lease
        self.deliveries = deliveries
        self.element = element
    }

    init?(parsing text: String) {
        guard var fields = FormText(text, .queue), let capacity = fields.number("capacity"),
            let priorities = fields.number("priorities"), let room = fields.number("room"),
            let lease = fields.number("lease"), let deliveries = fields.number("deliveries"),
            let element = fields.last("element")
        else { return nil }
        self.init(
            capacity: capacity, priorities: priorities, room: room, lease: lease, deliveries: deliveries,
            element: element)
        guard isPossible else { return nil }
    }

    var isPossible: Bool {
        (1...Self.mostItems).contains(capacity) && (1...Self.mostPriorities).contains(priorities) && room >= 0
            && room < Self.mostBytes / capacity && FormText.holds(lease) && FormText.holds(deliveries)
            && !element.isEmpty
    }

    var form: StructureForm {
        StructureForm(
            kind: .queue, text: text, byteCount: byteCount,
            index: .init(byteCount: indexByteCount, bellCount: 3, bellStride: 4, firstBell: 0))
    }

    // MARK: The content

    static let contentHead = MemoryLayout<cellar_queue_content>.size
    static let itemHead = MemoryLayout<cellar_queue_item>.size

    /// Bytes from one item to the next.
    var stride: Int { Self.itemHead + Rounding.up(room, to: 8) }
    var byteCount: Int { Self.contentHead + capacity * stride }

    // MARK: The index

    var levels: Int { 128 }
    var rings: Int { levels + priorities * MemoryLayout<cellar_queue_level>.size }
    var heap: Int { rings + priorities * capacity * 4 }
    var links: Int { heap + capacity * 4 }
    var takers: Int { Rounding.up(links + capacity * 8, to: 16) }
    var indexByteCount: Int {
        Rounding.up(takers + Int(CELLAR_PROCESS_SLOTS) * MemoryLayout<cellar_queue_taker>.size, to: 64)
    }
}

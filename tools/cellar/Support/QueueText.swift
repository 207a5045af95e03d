import Cellar

/// What the tool says of queues.
enum QueueLines {
    /// `json, 12 of 1,024 items`.
    static func heading(_ queue: UntypedQueue, count: Int) -> String {
        let kept = queue.info.persistence == .volatile ? ", volatile" : ""
        let closed = queue.isClosed ? ", closed" : ""
        return "\(Printable.line(queue.info.name)) (queue, \(Printable.line(queue.elementType))\(kept)\(closed)), "
            + "\(Printable.grouped(count)) of \(Printable.counted(queue.capacity, "item"))"
    }

    /// One item, with the queue it is in.
    static func json(_ item: UntypedQueue.Item, of queue: UntypedQueue) -> String {
        var line = JSONLine()
        line.add("name", queue.info.name)
        line.add("kind", queue.info.kind.rawValue)
        line.add("state", item.info.state.rawValue)
        line.add("sequence", item.info.sequence)
        line.add("priority", item.info.priority)
        line.add("deliveries", item.info.deliveries)
        line.add("put_at", item.info.putAt)
        line.add("due", item.info.due)
        line.add("value", json: item.value.json)
        return line.closed
    }

    /// State, place in the order, and the element, with tabs between.
    static func text(_ item: UntypedQueue.Item) -> String {
        let priority = item.info.priority == 0 ? "" : " priority \(item.info.priority)"
        return
            "\(item.info.state.rawValue)\t#\(item.info.sequence)\(priority)\t\(Printable.line(item.value.description))"
    }
}

/// The figures of a queue, as of about one moment.
struct QueueFigures {
    let queue: UntypedQueue
    let depth: QueueDepth
    let leases: [Lease]
    /// Of what is to be delivered or acknowledged.
    let oldestAge: Duration?

    struct Lease {
        var sequence: UInt64
        var deliveries: Int
        /// Nil where the process that had it is gone.
        var holder: AttachmentInfo?
    }

    init(_ queue: UntypedQueue, in store: Store) throws {
        self.queue = queue
        let items = try queue.items()
        var depth = QueueDepth(counting: items.map(\.info))
        depth.taken = try queue.depth().taken
        self.depth = depth
        let attached = store.attachments().filter(\.isAlive)
        leases = items.filter { $0.info.state == .leased }.map { item in
            Lease(
                sequence: item.info.sequence, deliveries: item.info.deliveries,
                holder: attached.first { $0.slot == item.info.holder && $0.id == item.info.holderID })
        }
        let oldest = items.filter { $0.info.state != .dead }.map(\.info.putAt).min()
        oldestAge = oldest.map { .milliseconds(Int64(clamping: Self.now > $0 ? Self.now - $0 : 0)) }
    }

    private static var now: UInt64 { SystemCall.now / 1_000_000 }

    // MARK: For people

    var rows: [(String, String)] {
        let settings = [
            ("elements", elements),
            ("capacity", Printable.counted(queue.capacity, "item")),
            ("priorities", "\(queue.priorities)"),
            ("lease time", queue.leaseTime.map { "\($0)" } ?? "while the holder lives"),
            (
                "set aside after",
                queue.maximumDeliveries.map { $0 == 1 ? "1 delivery" : "\(Printable.grouped($0)) deliveries" }
                    ?? "never"
            ),
            ("kept", queue.info.persistence.rawValue),
            ("closed", queue.isClosed ? "yes" : "no"),
        ]
        let counts = depth.counts.map { ($0.name, Printable.grouped($0.count)) }
        let oldest = ("oldest", oldestAge.map { "\($0)" } ?? "none")
        return settings + counts + [oldest] + leases.map { ("lease of #\($0.sequence)", Self.holder($0)) }
    }

    private var elements: String {
        Printable.line(queue.elementType) + " of up to \(Printable.counted(queue.maximumByteCount, "byte"))"
    }

    private static func holder(_ lease: Lease) -> String {
        let who =
            lease.holder.map { "process \($0.processID) (\(Printable.line($0.name)))" } ?? "a process that is gone"
        return "\(who), \(lease.deliveries == 1 ? "1 delivery" : "\(Printable.grouped(lease.deliveries)) deliveries")"
    }

    // MARK: For programs

    var json: String {
        var line = JSONLine()
        line.add("name", queue.info.name)
        line.add("kind", queue.info.kind.rawValue)
        line.add("type", queue.elementType)
        line.add("maximum_bytes", queue.maximumByteCount)
        line.add("capacity", queue.capacity)
        line.add("priorities", queue.priorities)
        line.add("lease_milliseconds", json: queue.leaseTime.map(Self.milliseconds) ?? "null")
        line.add("maximum_deliveries", json: queue.maximumDeliveries.map { "\($0)" } ?? "null")
        line.add("persistent", queue.info.persistence == .persistent)
        line.add("closed", queue.isClosed)
        for (name, count) in depth.counts { line.add(name, count) }
        line.add("oldest_milliseconds", json: oldestAge.map(Self.milliseconds) ?? "null")
        line.add("leases", json: "[" + leases.map(Self.json).joined(separator: ", ") + "]")
        return line.closed
    }

    private static func json(_ lease: Lease) -> String {
        var line = JSONLine()
        line.add("sequence", lease.sequence)
        line.add("deliveries", lease.deliveries)
        line.add("process", json: lease.holder.map { "\($0.processID)" } ?? "null")
        line.add("process_name", json: lease.holder.map { CellContent.escape($0.name) } ?? "null")
        return line.closed
    }

    private static func milliseconds(_ duration: Duration) -> String { "\(Int64(duration / .milliseconds(1)))" }
}

extension Store {
    /// The queue of the name; nil if the name is another thing's, or nobody's.
    func queueIfAny(_ name: String) throws -> UntypedQueue? {
        do throws(StoreError) { return try untypedQueue(name) } catch {
            if error.code == .mismatch || error.code == .noSuchCell || error.code == .invalidName { return nil }
            throw error
        }
    }
}

extension CellInfo {
    /// What a queue's elements are: the last field of its form. Nil for other kinds.
    var elementType: String? {
        guard kind == .queue, let form, let field = form.firstRange(of: " element=") else { return nil }
        return String(form[field.upperBound...])
    }
}

extension QueueDepth {
    /// How many items are in each state, as the tool calls it.
    var counts: [(name: String, count: Int)] {
        [("ready", ready), ("delayed", delayed), ("leased", leased), ("dead", dead), ("taken", taken)]
    }
}

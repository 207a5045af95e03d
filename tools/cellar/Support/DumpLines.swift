import Cellar

/// Lines of a dump for programs that say what something is, so that it can be made anew: before its entries or items, or, of
/// what has none, alone.
enum DumpLines {
    static func heading(_ dictionary: UntypedDictionary) -> String {
        var line = CellLines.json(dictionary.info)
        if let capacity = dictionary.capacity { line.add("capacity", capacity) }
        if dictionary.expires { line.add("expires", true) }
        return line.closed
    }

    static func heading(_ queue: UntypedQueue) -> String {
        var line = CellLines.json(queue.info)
        line.add("form", queue.info.form ?? "")
        line.add("closed", queue.isClosed)
        line.add("next_sequence", queue.nextSequence)
        return line.closed
    }

    static func heading(_ table: TableInfo) -> String {
        var line = JSONLine()
        line.add("name", table.name)
        line.add("kind", table.kind.rawValue)
        line.add("key_type", table.keyType)
        line.add("type", table.valueType)
        return line.closed
    }

    /// A lock or signal: what it is, and how a signal stands. Who holds it or waits is not for dumps: 'cellar locks' tells of it.
    static func lock(_ info: CellInfo, in store: Store) throws -> String {
        // A condition's form has the identity of its mutex in it, which is another in another store.
        if info.kind == .condition {
            var line = JSONLine()
            line.add("name", info.name)
            line.add("kind", info.kind.rawValue)
            line.add("persistent", false)
            if let mutex = try store.lockInfo(info.name)?.mutex { line.add("mutex", mutex) }
            return line.closed
        }
        var line = CellLines.json(info)
        if let state = try state(info, in: store) { line.add("value", json: state) }
        return line.closed
    }

    private static func state(_ info: CellInfo, in store: Store) throws -> String? {
        let numbers = FormNumbers(info.form ?? "")
        switch info.kind {
        case .event: return try store.event(info.name).isSet ? "true" : "false"
        case .once: return try store.once(info.name).isDone ? "true" : "false"
        case .latch: return "\(try store.latch(info.name, count: numbers["count"] ?? 0).count)"
        case .semaphore: return "\(try numbers.semaphore(info.name, in: store).permits)"
        default: return nil
        }
    }
}

/// The numbers of a form's text: `semaphore count=3 bound=5`.
struct FormNumbers {
    private var numbers: [Substring: Int] = [:]

    init(_ form: String) {
        for field in form.split(separator: " ") {
            guard let equals = field.firstIndex(of: "="), let number = Int(field[field.index(after: equals)...]) else {
                continue
            }
            numbers[field[..<equals]] = number
        }
    }

    subscript(_ name: String) -> Int? { numbers[name[...]] }

    func semaphore(_ name: String, in store: Store) throws -> SharedSemaphore {
        let bound = self["bound"] ?? 0
        return try store.semaphore(name, count: self["count"] ?? 0, bound: bound == 0 ? nil : bound)
    }
}

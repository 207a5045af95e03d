import Cellar

/// Something whose entries come in lines of their own, put there in batches.
protocol Filling: AnyObject {
    var name: LoadedName { get }
    func add(_ line: LoadedLine) throws
    /// Puts in what waits, and does what is left to do at the end.
    func finish() throws
}

/// Lines that wait to be put in together. If that fails they are put in by halves, so that the one at fault is found.
struct Batch<Item> {
    private var waiting: [(line: Int, item: Item)] = []
    private let most: Int

    init(_ most: Int) { self.most = most }

    mutating func add(_ item: Item, of line: Int, _ put: ([Item]) throws -> Void) throws {
        waiting.append((line, item))
        if waiting.count >= most { try flush(put) }
    }

    mutating func flush(_ put: ([Item]) throws -> Void) throws {
        defer { waiting.removeAll(keepingCapacity: true) }
        try Self.put(waiting[...], put)
    }

    private static func put(_ items: ArraySlice<(line: Int, item: Item)>, _ put: ([Item]) throws -> Void) throws {
        guard let first = items.first else { return }
        do {
            try put(items.map(\.item))
        } catch let error as StoreError where items.count > 1 && [.invalidValue, .limitReached].contains(error.code) {
            let middle = items.startIndex + items.count / 2
            try Self.put(items[..<middle], put)
            try Self.put(items[middle...], put)
        } catch { throw Load.located(error, first.line) }
    }
}

/// A dictionary's entries are set one by one: that is as fast as memory.
final class DictionaryFilling: Filling {
    let name: LoadedName
    private let dictionary: UntypedDictionary

    init(_ line: LoadedLine, in store: Store) throws {
        name = line.id
        dictionary = try store.createDictionary(
            line.name, key: EntryType(parsing: line.text("key_type")), value: EntryType(parsing: line.text("type")),
            capacity: line.object.optional("capacity")?.number(),
            expires: line.object.optional("expires")?.boolean() ?? false, persistence: line.persistence)
    }

    func add(_ line: LoadedLine) throws {
        let (key, value) = (try line.object.required("key").typed(), try line.object.required("value").typed())
        guard let member = line.object.optional("expires_at") else { return try dictionary.set(value, for: key) }
        let moment: UInt64 = try member.number()
        // One that counts as gone by now stays so.
        if moment > SystemCall.now / 1_000_000 { try dictionary.set(value, for: key, expiresAt: moment) }
    }

    func finish() {}
}

/// A table's entries are set many in a transaction: each transaction waits for the disk.
final class TableFilling: Filling {
    let name: LoadedName
    private let table: UntypedTable
    private let isJSON: Bool
    private var batch = Batch<(key: String, value: String)>(10_000)

    init(_ line: LoadedLine, in store: Store) throws {
        name = line.id
        let type = try line.text("type")
        isJSON = line.kind == .table && type == "json"
        table = try store.createTable(
            line.name, kind: line.kind == .table ? .table : .multimap, keys: line.text("key_type"), values: type,
            isOfProgram: true)
    }

    func add(_ line: LoadedLine) throws {
        let value = try line.object.required("value")
        let entry = (key: try line.object.required("key").typed(), value: isJSON ? value.raw : try value.typed())
        try batch.add(entry, of: line.number) { try table.set($0) }
    }

    func finish() throws { try batch.flush { try table.set($0) } }
}

/// A queue's items keep their places, and what is known of them. What was leased is ready: nobody has it.
final class QueueFilling: Filling {
    let name: LoadedName
    private let queue: UntypedQueue
    private let isClosed: Bool
    private let nextSequence: UInt64
    private var batch = Batch<(info: QueueItemInfo, element: String)>(4096)

    init(_ line: LoadedLine, in store: Store) throws {
        name = line.id
        isClosed = try line.object.optional("closed")?.boolean() ?? false
        nextSequence = try line.object.optional("next_sequence")?.number() ?? 1
        let form = try line.text("form")
        guard form.hasPrefix("queue ") else { throw ToolError(.badData, "'\(form.prefix(80))' is no form of a queue") }
        try store.createStructure(line.name, form: form, persistence: line.persistence)
        queue = try store.untypedQueue(line.name)
    }

    func add(_ line: LoadedLine) throws {
        let (object, value) = (line.object, try line.object.required("value"))
        let word = try line.text("state")
        guard let state = QueueItemInfo.State(rawValue: word) else {
            throw ToolError(.badData, "'\(word.prefix(80))' is no state of an item")
        }
        let info = QueueItemInfo(
            state: state, sequence: try object.required("sequence").number(),
            priority: try object.required("priority").number(), deliveries: try object.required("deliveries").number(),
            putAt: try object.required("put_at").number(), due: try object.required("due").number())
        let element = queue.elementType == "json" ? value.raw : try value.typed()
        try batch.add((info, element), of: line.number) { try queue.restore($0) }
    }

    func finish() throws {
        try batch.flush { try queue.restore($0) }
        if nextSequence > queue.nextSequence { try queue.restore(nextSequence: nextSequence) }
        if isClosed { try queue.close() }
    }
}

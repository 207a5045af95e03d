import Cellar

/// Makes a thing of a kind other than a cell's. Nothing may have the name.
struct NewThing {
    let kind: NewKind
    let name: String
    let type: String
    let count: Int
    let options: NewOptions
    let persistence: Persistence

    func make(in store: Store) throws {
        switch kind {
        case .table, .multimap:
            _ = try store.createTable(
                name, kind: kind == .table ? .table : .multimap, keys: options.key ?? "", values: type)
        case .dictionary: try makeDictionary(in: store)
        case .queue: _ = try store.createQueue(name, element: type, options: options.queue(persistence))
        case .log: _ = try store.createLog(name, element: type, options: options.log(persistence))
        case .list:
            _ = try store.createList(
                name, element: parsed { try Schema(parsing: $0) }, capacity: options.capacity ?? 1,
                persistence: persistence)
        default:
            // Functions that take what is there.
            if try store.contains(name) {
                throw StoreError(.cellExists, "there is a cell '\(name)' already: remove it first, or use another name")
            }
            try makeOfNumbers(in: store)
        }
    }

    private func makeOfNumbers(in store: Store) throws {
        switch kind {
        case .block: _ = try store.block(name, byteCount: count, persistence: persistence)
        case .pipe: _ = try store.pipe(name, capacity: options.capacity ?? 1)
        case .mutex: _ = try store.mutex(name)
        case .recursiveMutex: _ = try store.recursiveMutex(name)
        case .readWriteLock: _ = try store.readWriteLock(name)
        case .semaphore: _ = try store.semaphore(name, count: count, bound: options.bound)
        case .event: _ = try store.event(name)
        case .condition: try makeCondition(of: options.of ?? "", in: store)
        case .barrier: _ = try store.barrier(name, parties: count)
        case .latch: _ = try store.latch(name, count: count)
        case .once: _ = try store.once(name)
        case .table, .multimap, .dictionary, .queue, .log, .list: break
        }
    }

    private func makeDictionary(in store: Store) throws {
        let key = try parsed(options.key ?? "") { try EntryType(parsing: $0) }
        _ = try store.createDictionary(
            name, key: key, value: parsed { try EntryType(parsing: $0) }, capacity: options.capacity,
            expires: options.expires, persistence: persistence)
    }

    private func makeCondition(of mutex: String, in store: Store) throws {
        guard try store.contains(mutex) else {
            throw ToolError(.noInput, "there is no mutex '\(mutex)': make it first, with 'cellar new … --mutex'")
        }
        _ = try store.condition(name, of: store.mutex(mutex))
    }

    private func parsed<Type>(_ parse: (String) throws -> Type) throws -> Type { try parsed(type, parse) }

    /// What is no type is a wrong command line.
    private func parsed<Type>(_ text: String, _ parse: (String) throws -> Type) throws -> Type {
        do { return try parse(text) } catch let error as StoreError { throw ToolError(.usage, error.message) }
    }
}

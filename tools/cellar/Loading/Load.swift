import Cellar

/// Restores what `Dump.writeJSON` wrote, line by line, in batches.
final class Load {
    let store: Store
    let replaces: Bool
    /// What a line before said of something whose entries or items follow, and those that wait to be put there.
    private var filling: (any Filling)?
    /// What this load has made, so that it is not taken for something that was there before.
    private var made: Set<LoadedName> = []
    /// Mutexes that were made for a condition, ahead of their own lines.
    private var madeAhead: Set<String> = []
    private(set) var count = 0

    init(into store: Store, replaces: Bool) {
        self.store = store
        self.replaces = replaces
    }

    /// Takes one line. An error says which line it is about, perhaps one before.
    func take(_ text: [UInt8], number: Int) throws {
        let line: LoadedLine
        do {
            line = try LoadedLine(text, number)
            if let filling, line.isPart {
                guard filling.name == line.id else { throw line.lost }
                return try filling.add(line)
            }
        } catch { throw Self.located(error, number) }
        try finishFilling()
        do {
            guard !line.isPart else { throw line.lost }
            filling = try make(line)
        } catch { throw Self.located(error, number) }
    }

    /// Everything that waits is put in its place.
    func finish() throws { try finishFilling() }

    private func finishFilling() throws {
        try filling?.finish()
        filling = nil
    }

    /// An error with the number of the line that it is about.
    static func located(_ error: any Error, _ number: Int) -> any Error {
        switch error {
        case let error as ToolError where !error.message.hasPrefix("line "):
            ToolError(error.status, "line \(number): \(error.message)")
        case let error as StoreError: ToolError(ExitStatus(error.code), "line \(number): \(error.message)")
        default: error
        }
    }

    // MARK: Making

    /// Makes what the line is about, with all that the line has; what is filled by lines that follow is returned.
    private func make(_ line: LoadedLine) throws -> (any Filling)? {
        if line.kind == .mutex, madeAhead.remove(line.name) != nil { return nil }
        try makeRoom(for: line.id)
        made.insert(line.id)
        count += 1
        switch line.kind {
        case .value, .array: try makeCell(line)
        case .dictionary: return try DictionaryFilling(line, in: store)
        case .table, .multimap: return try TableFilling(line, in: store)
        case .queue: return try QueueFilling(line, in: store)
        case .log, .list, .block, .pipe: try LoadedStructure(line: line, store: store).make()
        case .condition: try makeCondition(line)
        default: try LoadedLock(line: line, store: store).make()
        }
        return nil
    }

    /// Sees to it that nothing has the name: removes it if that was asked for.
    private func makeRoom(for id: LoadedName) throws {
        let isThere = try id.isTable ? store.tables().contains { $0.name == id.name } : store.contains(id.name)
        if !isThere { return }
        guard !made.contains(id) else { throw ToolError(.badData, "'\(id.name)' is there twice") }
        guard replaces else {
            throw ToolError(
                .cannotCreate,
                "there is \(id.isTable ? "a table" : "a cell") '\(id.name)' already: load into another store, or give "
                    + "--replace to have it made anew")
        }
        if id.isTable { try store.removeTable(id.name) } else { try store.remove(id.name) }
    }

    private func makeCell(_ line: LoadedLine) throws {
        let schema = try Schema(parsing: line.text("type"))
        let value = try line.object.required("value")
        if line.kind == .value {
            let bytes = try schema.bytes(of: CellContent(parsing: value.typed(), as: schema))
            _ = try store.create(line.name, schema: schema, initial: bytes, persistence: line.persistence)
        } else {
            try LoadedArray(schema: schema, line: line).make(of: value, in: store)
        }
    }

    /// The mutex may come later in the dump, which is sorted by name: it is made now.
    private func makeCondition(_ line: LoadedLine) throws {
        guard let member = line.object.optional("mutex") else {
            throw ToolError(.badData, "the mutex of the condition '\(line.name)' was gone when it was dumped")
        }
        let mutex = LoadedName(name: try member.string(), isTable: false)
        if !made.contains(mutex) {
            try makeRoom(for: mutex)
            made.insert(mutex)
            madeAhead.insert(mutex.name)
            count += 1
        }
        _ = try store.condition(line.name, of: store.mutex(mutex.name))
    }
}

/// Cells and tables have names of their own.
struct LoadedName: Hashable {
    var name: String
    var isTable: Bool
}

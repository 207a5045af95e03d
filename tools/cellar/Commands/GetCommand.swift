import ArgumentParser
import Cellar

struct GetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Prints what a cell, or a key of a dictionary or table, holds.",
        discussion: """
            A value alone on its line; of an array, or some of its elements, one element a line; of a struct, with a dot and \
            a field's name, what the field holds. Text stands as it is, but for escape codes and the like. Of a key of a \
            multimap, one value a line. Of a queue, its figures, as 'cellar stat'. With --json everything is on one line, \
            elements as a list.

              cellar get robot.cellar speed
              cellar get robot.cellar pose.x
              cellar get robot.cellar 'poses[3].position.x'
              cellar get robot.cellar 'sound[0..<10]' --json
              cellar get robot.cellar words hello
            """)

    @OptionGroup var store: StoreArgument
    @Argument(
        help: "NAME, NAME[3], NAME[0..<10], NAME[0...9]; fields as in NAME[3].x; or a table's name.",
        completion: Completions.name) var cell: String
    @Argument(help: "Of a dictionary or table: the key. After -- if it begins with a dash.") var key: String?
    @Flag(help: "JSON on one line.") var json = false

    func run() throws {
        let store = try store.look()
        defer { store.close() }
        if let key, let dictionary = try store.dictionaryIfAny(cell) { return try get(key, from: dictionary) }
        if let key { return try get(key, from: try store.untypedTable(cell)) }
        guard try !store.isTable(cell) else {
            throw ToolError(.usage, "'\(cell)' is a table: say which key, or use 'cellar scan'")
        }
        if let queue = try store.queueIfAny(cell) { return try get(queue, in: store) }
        if let info = try store.structureIfAny(cell) { return try get(info, in: store) }
        if key == nil, let lock = try store.lockInfo(cell) {
            let output = Output()
            try output.line(json ? LockLines.json(lock) : LockLines.state(lock))
            return try output.flush()
        }
        let path = try CellPath(cell, in: store)
        if let list = try store.structureIfAny(path.name), list.kind == .list {
            return try get(path, from: try store.untypedList(path.name))
        }
        try get(path, from: try store.cell(path.name))
    }

    private func get(_ path: CellPath, from cell: UntypedCell) throws {
        let range = try path.range(in: cell.info)
        let output = Output()
        if path.isSingle(in: cell.info) {
            let content = try path.part(of: cell.content(at: range.lowerBound))
            if !json, path.hasRange, case .list(let values) = content {
                for value in values { try output.line(value.description) }
            } else {
                try output.line(json ? content.json : content.description)
            }
        } else if json {
            try cell.writeList(range, to: output) { try path.part(of: $0).json }
            try output.line("")
        } else {
            try cell.forEachContent(in: range) { try output.line(path.part(of: $0).description) }
        }
        try output.flush()
    }

    private func get(_ path: CellPath, from list: UntypedList) throws {
        let elements = try list.elements()
        let parts = try elements[path.range(within: elements.count)].map { try path.part(of: $0) }
        let output = Output()
        if json {
            if case .element = path.part {
                try output.line(parts[0].json)
            } else {
                try output.line("[" + parts.map(\.json).joined(separator: ", ") + "]")
            }
        } else {
            for part in parts { try output.line(part.description) }
        }
        try output.flush()
    }

    private func get(_ info: CellInfo, in store: Store) throws {
        let output = Output()
        if json {
            try output.line(try StructureLines.json(info, in: store) ?? "null")
        } else {
            for line in try StructureLines.lines(info, in: store, isWhole: true) ?? [] { try output.line(line) }
        }
        try output.flush()
    }

    private func get(_ queue: UntypedQueue, in store: Store) throws {
        let output = Output()
        try StatCommand.write(QueueFigures(queue, in: store), json: json, to: output)
        try output.flush()
    }

    private func get(_ key: String, from dictionary: UntypedDictionary) throws {
        guard let value = try dictionary.value(for: key) else {
            throw ToolError(.noInput, "the dictionary '\(dictionary.info.name)' has no key '\(key)'")
        }
        let output = Output()
        try output.line(json ? value.json : value.description)
        try output.flush()
    }

    private func get(_ key: String, from table: UntypedTable) throws {
        let values = try table.values(for: key)
        guard !values.isEmpty else {
            throw ToolError(.noInput, "the table '\(table.info.name)' has no key '\(key)'")
        }
        let output = Output()
        if json, table.info.kind == .multimap {
            try output.line("[" + values.map(\.json).joined(separator: ", ") + "]")
        } else {
            for value in values { try output.line(json ? value.json : value.description) }
        }
        try output.flush()
    }
}

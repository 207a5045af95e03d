import Cellar

/// The types of what is stored under a name.
enum StoredTypes {
    struct Part {
        /// What it is for, as in "the values of the table 'users'".
        var role: String
        var typeName: String
        /// A plain type, or the word for one that is not.
        var type: Result<Schema, Word>

        struct Word: Error {
            var text: String
        }
    }

    static func of(_ name: String, in store: Store, _ typeName: String) throws -> [Part] {
        let shown = "'\(Printable.line(name))'"
        if let info = try store.cellInfo(name) { return try parts(of: info, in: store, shown, typeName) }
        guard let table = try store.tables().first(where: { $0.name == name }) else {
            throw StoreError(.noSuchCell, "nothing is called '\(name)' in the store: 'cellar ls' lists what there is")
        }
        let kind = table.kind.rawValue
        return [
            part("the keys of the \(kind) \(shown)", typeName + "Key", table.keyType),
            part("the values of the \(kind) \(shown)", typeName, table.valueType),
        ]
    }

    private static func parts(
        of info: CellInfo, in store: Store, _ shown: String, _ typeName: String
    ) throws -> [Part] {
        switch info.kind {
        case .value: return [Part(role: "the value \(shown)", typeName: typeName, type: .success(info.schema))]
        case .array:
            let role = "the \(Printable.counted(info.count, "element")) of the array \(shown)"
            return [Part(role: role, typeName: typeName, type: .success(info.schema))]
        case .dictionary:
            guard let entries = info.entries else { break }
            return [
                part("the keys of the dictionary \(shown)", typeName + "Key", entries.key.description),
                part("the values of the dictionary \(shown)", typeName, entries.value.description),
            ]
        case .queue:
            return [part("the elements of the queue \(shown)", typeName, try store.untypedQueue(info.name).elementType)]
        case .log:
            return [part("the entries of the log \(shown)", typeName, try store.untypedLog(info.name).elementType)]
        case .list:
            let element = try store.untypedList(info.name).element
            return [Part(role: "the elements of the list \(shown)", typeName: typeName, type: .success(element))]
        default: break
        }
        throw ToolError(.badData, "\(shown) is a \(info.kind.rawValue), which has no type")
    }

    private static func part(_ role: String, _ typeName: String, _ text: String) -> Part {
        guard let schema = try? Schema(parsing: text) else {
            return Part(role: role, typeName: typeName, type: .failure(Part.Word(text: text)))
        }
        return Part(role: role, typeName: typeName, type: .success(schema))
    }
}

extension StoredTypes.Part {
    /// Comments, and the declaration.
    var source: [String] {
        switch type {
        case .success(let schema):
            let source = SwiftSource(schema, name: typeName)
            let remarks = source.remarks.map { "// \($0)" }
            let warning = remarks.isEmpty ? [] : ["// The store does not take this type for the one that is stored:"]
            return ["// Of \(role): \(Printable.counted(schema.size, "byte"))."] + warning + remarks + source.lines
        case .failure(let word):
            let swift = ["string": "String", "bytes": "[UInt8]"][word.text]
            guard let swift else {
                return ["// Of \(role): '\(Printable.line(word.text))', written by a codec of its own."]
            }
            return ["// Of \(role).", "typealias \(typeName) = \(swift)"]
        }
    }

    var json: String {
        var line = JSONLine()
        line.add("name", typeName)
        line.add("role", role)
        switch type {
        case .success(let schema):
            line.add("type", schema.description)
            line.add("size", schema.size)
            line.add("stride", schema.stride)
            line.add("alignment", schema.alignment)
            line.add("fields", json: Self.fields(schema))
        case .failure(let word): line.add("type", word.text)
        }
        return line.closed
    }

    private static func fields(_ schema: Schema) -> String {
        guard case .structure(let fields) = schema.shape else { return "[]" }
        let lines = fields.map { field in
            var line = JSONLine()
            line.add("name", field.name)
            line.add("offset", field.offset)
            line.add("size", field.schema.size)
            line.add("type", field.schema.description)
            return line.closed
        }
        return "[" + lines.joined(separator: ", ") + "]"
    }
}

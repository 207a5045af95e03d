import ArgumentParser
import Cellar

struct SetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Changes a cell, elements of it, or the value of a key of a dictionary or table.",
        discussion: """
            A struct may be given with only the fields to change; the others stay. A part of it can be named: NAME.field, \
            NAME[3].path.points[0]. Several elements (NAME[0..<10], or \
            an array's NAME) take a JSON list of as many values, or one value for each of them. Each element is \
            replaced whole; several are replaced one after the other. Of a table, the key comes before the value; a multimap \
            gets one more value for the key. A table's change is on disk when the command ends.

              cellar set robot.cellar pose '{x: 3}' --sync
              cellar set robot.cellar pose.x 1.5
              cellar set robot.cellar 'sound[0..<3]' '[0, 0.5, 1]'
              cellar set robot.cellar words hello 5
            """)

    @OptionGroup var store: StoreArgument
    @Argument(
        help: "NAME, NAME[3], NAME[0..<10] or NAME[0...9], and .field behind; or a table's name.",
        completion: Completions.name) var cell: String
    @Argument(
        help:
            "A number, true or false, text, a list or an object; of a table, the key. After -- if it begins with a dash."
    )
    var value: String
    @Argument(help: "Of a dictionary or table: the value.") var tableValue: String?
    @Flag(help: "Ends when the change is on disk.") var sync = false

    func run() throws {
        let store = try store.change()
        defer { store.close() }
        if let tableValue, let dictionary = try store.dictionaryIfAny(cell) {
            try dictionary.set(tableValue, for: value)
            if sync { try store.sync() }
            return
        }
        if let tableValue { return try store.untypedTable(cell).set(tableValue, for: value) }
        guard try !store.isTable(cell) else {
            throw ToolError(.usage, "'\(cell)' is a table: give a key and a value")
        }
        let path = try CellPath(cell, in: store)
        let cell = try store.cell(path.name)
        let range = try path.range(in: cell.info)
        let part = try ChangedPart(path, in: cell.info)
        if !path.isSingle(in: cell.info), let contents = try elements(part.schema, range.count) {
            for (index, content) in zip(range, contents) { try cell.replace(part, of: index, by: content) }
        } else {
            let content = try part.schema.content(parsing: value, for: cell.info.name + path.text)
            for index in range { try cell.replace(part, of: index, by: content) }
        }
        if sync { try store.sync() }
    }

    /// The values of several elements, checked before the first is changed; nil if the text is one value for all.
    private func elements(_ schema: Schema, _ count: Int) throws -> [CellContent]? {
        guard let contents = try list(for: schema) else { return nil }
        guard contents.count == count else {
            throw ToolError(
                .badData,
                "the list has \(Printable.counted(contents.count, "value")) for "
                    + "\(Printable.counted(count, "element")): give as many, or one value for all")
        }
        for content in contents { _ = try schema.bytes(of: content, over: [UInt8](repeating: 0, count: schema.size)) }
        return contents
    }

    /// The text as a list of elements. What can be one element whose type is itself a list is one; any text can be an
    /// element of text, so there a list is a list.
    private func list(for schema: Schema) throws -> [CellContent]? {
        guard value.utf8.first(where: { $0 != UInt8(ascii: " ") }) == UInt8(ascii: "[") else { return nil }
        if case .string = schema.shape {
            guard case .list(let contents)? = try? CellContent(json: value) else { return nil }
            return contents
        }
        if (try? schema.bytes(of: CellContent(parsing: value, as: schema))) != nil { return nil }
        guard case .list(let contents) = try CellContent(json: value) else { return nil }
        return contents
    }
}

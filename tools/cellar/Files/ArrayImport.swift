import Cellar

/// Fills an array with the elements of a file, in pieces, each in one step.
struct ArrayImport {
    let store: Store
    let name: String
    let input: InputStream
    /// Of an array that is made.
    var persistence = Persistence.persistent
    private static let pieceBytes = 1 << 18

    /// The array; or, where there is none, one that is made of as much as `type` says.
    private func cell(or type: () throws -> (schema: Schema, count: Int)) throws -> UntypedCell {
        if let cell = try cellIfAny() { return cell }
        let (schema, count) = try type()
        guard count > 0 else { throw nothing }
        return try store.create(name, schema: schema, count: count, persistence: persistence)
    }

    /// The array of the name; nil if there is none. Throws if that is something else.
    func cellIfAny() throws -> UntypedCell? {
        guard let info = try store.cellInfo(name) else { return nil }
        guard info.kind == .array || info.kind == .value else {
            throw ToolError(.badData, "'\(name)' is a \(info.kind.rawValue): only arrays and values are imported to")
        }
        return try store.cell(name)
    }

    var nothing: ToolError {
        ToolError(.badData, "an array has at least one element, and \(input.name) has none")
    }

    // MARK: Bytes

    /// - Parameter type: what the elements of an array that is made are.
    func raw(_ type: Schema?) throws {
        let cell = try cell {
            guard let type, let byteCount = input.byteCount else { throw missing }
            return (type, byteCount / type.stride)
        }
        try require(type, of: cell)
        let stride = cell.info.schema.stride
        if let byteCount = input.byteCount, byteCount != cell.info.byteCount {
            throw ToolError(
                .badData,
                "\(input.name) has \(Printable.counted(byteCount, "byte")), and '\(name)' takes "
                    + "\(Printable.counted(cell.info.byteCount, "byte")): \(cell.info.count) elements of \(stride)")
        }
        try fill(cell, elementSize: stride) { $0 }
    }

    func npy() throws {
        let header = try NumPyHeader(from: input)
        let cell = try cell {
            guard let text = header.element.schemaText, let schema = try? Schema(parsing: text) else {
                throw ToolError(
                    .badData, "no type of a cell is that of the elements, \(NumPyText.description(header.element.type))"
                )
            }
            // Checked before there is an array.
            _ = try ElementLayout(from: header.element, to: schema)
            return (schema, header.count)
        }
        let layout = try ElementLayout(from: header.element, to: cell.info.schema)
        guard header.count == cell.info.count else {
            throw ToolError(
                .badData,
                "\(input.name) has \(Printable.counted(header.count, "element")), and '\(name)' has "
                    + Printable.grouped(cell.info.count))
        }
        if let byteCount = input.byteCount, byteCount - input.position != header.count * header.element.size {
            throw ToolError(.badData, "\(input.name) is cut off, or longer than its header says")
        }
        try fill(cell, elementSize: header.element.size, layout.elements)
    }

    private func fill(_ cell: UntypedCell, elementSize: Int, _ elements: ([UInt8]) -> [UInt8]) throws {
        var bar = ProgressBar(total: cell.info.count * elementSize, label: "import")
        defer { bar.finish() }
        let step = max(1, Self.pieceBytes / elementSize)
        var start = 0
        while start < cell.info.count {
            let end = min(cell.info.count, start + step)
            let bytes = try input.read((end - start) * elementSize)
            guard bytes.count == (end - start) * elementSize else {
                throw ToolError(.badData, "\(input.name) ends after \(start + bytes.count / elementSize) elements")
            }
            do throws(StoreError) { try cell.setBytes(elements(bytes), in: start..<end) } catch {
                throw StoreError(error.code, "among elements \(start) to \(end - 1): \(error.message)")
            }
            bar.advance(by: bytes.count)
            start = end
        }
        guard try input.read(1).isEmpty else {
            throw ToolError(.badData, "\(input.name) has more than the \(cell.info.count) elements of '\(name)'")
        }
    }

    /// A file of bytes does not say what its elements are, and a pipe not how many they are.
    private var missing: ToolError {
        ToolError(
            .noInput,
            "there is no array '\(name)': make one with 'cellar new … --type … --count …', or say with --type what the "
                + "elements of the file are")
    }

    /// Throws if there is an array whose elements are not those that were asked for.
    func require(_ type: Schema?, of cell: UntypedCell) throws {
        guard let type, type != cell.info.schema else { return }
        throw ToolError(
            .badData, "the elements of '\(name)' are of the type '\(cell.info.schema)', and --type is '\(type)'")
    }
}

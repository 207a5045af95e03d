import Cellar

/// The beginning of an `.npy` file: what its elements are, and how many.
struct NumPyHeader {
    /// What one element is: the dimensions but for the first are part of it.
    var element: NumPyArray
    var count: Int

    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    private static let longest = 1 << 20

    init(element: NumPyArray, count: Int) {
        self.element = element
        self.count = count
    }

    // MARK: Writing

    /// In version 1.0 of the format; the elements follow.
    func bytes() throws -> [UInt8] {
        let shape = NumPyText.shape([count] + element.dimensions)
        var text = "{'descr': \(NumPyText.description(element.type)), 'fortran_order': False, 'shape': \(shape), }"
        // Elements begin at a multiple of 64.
        let start = Self.magic.count + 4
        let end = (start + text.utf8.count + 1 + 63) / 64 * 64
        text += String(repeating: " ", count: end - start - text.utf8.count - 1) + "\n"
        guard let length = UInt16(exactly: text.utf8.count) else {
            throw ToolError(.badData, "the type has too many fields for the header of an .npy file")
        }
        return Self.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
    }

    // MARK: Reading

    init(from input: InputStream) throws {
        let start = try input.read(8)
        guard start.count == 8, start.starts(with: Self.magic) else {
            throw ToolError(.badData, "\(input.name) is no .npy file: it does not begin as one")
        }
        guard (1...3).contains(start[6]) else {
            throw ToolError(.badData, "\(input.name) is an .npy file of version \(start[6]), and 1 to 3 are known")
        }
        let lengthBytes = try input.read(start[6] == 1 ? 2 : 4)
        let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= Self.longest, case let text = try input.read(length), text.count == length,
            case .dictionary(let members)? = PythonLiteral(text), let description = members["descr"],
            case .tuple(let shape)? = members["shape"], let order = members["fortran_order"]
        else { throw ToolError(.badData, "the header of \(input.name) makes no sense") }
        try self.init(description, shape, isTransposed: order != .word("False"), input.name)
    }

    private init(_ description: PythonLiteral, _ shape: [PythonLiteral], isTransposed: Bool, _ name: String) throws {
        guard let dimensions = NumPyText.dimensions(shape) else {
            throw ToolError(.badData, "the shape of the array in \(name) makes no sense")
        }
        guard !isTransposed || dimensions.count < 2 else {
            throw ToolError(.badData, "the array in \(name) is in Fortran's order: save a copy made with order='C'")
        }
        let type = try NumPyText.type(description, depth: 0)
        element = NumPyArray(type: type, dimensions: Array(dimensions.dropFirst()))
        count = dimensions.first ?? 1
        guard type.size > 0, type.size.multipliedReportingOverflow(by: element.count * count).overflow == false else {
            throw ToolError(.badData, "the array in \(name) is too large")
        }
    }
}

/// How types and shapes are written in a header.
enum NumPyText {
    static func shape(_ dimensions: [Int]) -> String {
        "(" + dimensions.map { "\($0)" }.joined(separator: ", ") + (dimensions.count == 1 ? ",)" : ")")
    }

    static func description(_ type: NumPyType) -> String {
        switch type {
        case .plain(let kind, let size):
            return "'\(size == 1 || kind == "S" || kind == "V" ? "|" : "<")\(kind)\(size)'"
        case .structure(let fields, let size):
            var (parts, end): ([String], Int) = ([], 0)
            func pad(to offset: Int) {
                if offset > end { parts.append("('', '|V\(offset - end)')") }
            }
            for field in fields {
                pad(to: field.offset)
                let dimensions = field.type.dimensions.isEmpty ? "" : ", " + shape(field.type.dimensions)
                parts.append("(\(PythonLiteral.quoted(field.name)), \(description(field.type.type))\(dimensions))")
                end = field.offset + field.type.size
            }
            pad(to: size)
            return "[" + parts.joined(separator: ", ") + "]"
        }
    }

    /// Nil unless all are numbers, whose product is one that can be.
    static func dimensions(_ literals: [PythonLiteral]) -> [Int]? {
        var (dimensions, product): ([Int], Int) = ([], 1)
        for literal in literals {
            guard case .number(let number) = literal, (0...1 << 48).contains(number),
                case (let next, let isTooMuch) = product.multipliedReportingOverflow(by: max(number, 1)), !isTooMuch
            else { return nil }
            dimensions.append(number)
            product = next
        }
        return dimensions
    }

    static func type(_ literal: PythonLiteral, depth: Int) throws -> NumPyType {
        switch literal {
        case .text(let text): return try plain(text)
        case .list(let fields) where depth < 16: return try structure(fields, depth: depth)
        default: throw ToolError(.badData, "the type of the elements in the .npy file makes no sense")
        }
    }

    private static func plain(_ text: String) throws -> NumPyType {
        var rest = text[...]
        let order = rest.first.flatMap { "<>|=".contains($0) ? $0 : nil }
        if order != nil { rest.removeFirst() }
        guard let kind = rest.popFirst(), let size = Int(rest), (0...1 << 30).contains(size) else {
            throw ToolError(.badData, "'\(text.prefix(40))' is no type of NumPy's that is known here")
        }
        guard "iufbSV".contains(kind), size > 0 else {
            throw ToolError(
                .badData,
                "elements or fields of the type '\(text.prefix(40))' cannot be had: numbers, bool, and text of the kind S can"
            )
        }
        if order == ">", size > 1, kind != "S", kind != "V" {
            throw ToolError(
                .badData, "the type '\(text)' has its bytes the other way round: save a copy made with .astype('<…')")
        }
        return .plain(kind, size)
    }

    private static func structure(_ literals: [PythonLiteral], depth: Int) throws -> NumPyType {
        var (fields, end): ([NumPyType.Field], Int) = ([], 0)
        for literal in literals {
            guard case .tuple(let parts) = literal, (2...3).contains(parts.count), case .text(let name) = parts[0],
                let dimensions = parts.count == 2 ? [] : Self.dimensions(of: parts[2])
            else { throw ToolError(.badData, "a field of the elements in the .npy file makes no sense") }
            let type = NumPyArray(type: try type(parts[1], depth: depth + 1), dimensions: dimensions)
            let (next, isTooMuch) = end.addingReportingOverflow(type.size)
            guard !isTooMuch, next <= 1 << 30 else { throw ToolError(.badData, "the elements are too large") }
            // Without a name it fills a gap.
            if !name.isEmpty { fields.append(.init(name: name, offset: end, type: type)) }
            end = next
        }
        return .structure(fields, size: end)
    }

    private static func dimensions(of literal: PythonLiteral) -> [Int]? {
        switch literal {
        case .tuple(let numbers): dimensions(numbers)
        case .number: dimensions([literal])
        default: nil
        }
    }
}

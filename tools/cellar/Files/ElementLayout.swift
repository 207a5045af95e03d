import Cellar

/// How the parts of an element of a file get to their places in an element of a cell.
struct ElementLayout {
    private enum Step {
        case bytes(from: Int, to: Int, count: Int)
        /// Text that ends with zeros, to an inline string.
        case text(from: Int, to: Int, count: Int)
    }

    private var steps: [Step] = []
    private let fileSize: Int
    private let stride: Int

    /// Throws unless both have the same parts, by name and type.
    init(from file: NumPyArray, to schema: Schema) throws {
        (fileSize, stride) = (file.size, schema.stride)
        guard file.partCount <= 1 << 16 else { throw Self.mismatch(file, schema) }
        let wanted = Self.leaves(NumPyArray(schema).padded(to: schema.stride))
        let found = Self.leaves(file)
        var rest = found[...]
        var places = wanted[...]
        while let target = places.popFirst() {
            guard let source = rest.popFirst() else { throw Self.mismatch(file, schema) }
            if source.path == target.path, source.type == target.type, source.count == target.count {
                append(.bytes(from: source.offset, to: target.offset, count: source.type.size * source.count))
            } else if target.path == source.path + ".count", let text = places.popFirst(),
                case .plain("S", let size) = source.type, size <= text.type.size, source.count == 1
            {
                steps.append(.text(from: source.offset, to: target.offset, count: size))
            } else {
                throw Self.mismatch(file, schema)
            }
        }
        guard rest.isEmpty else { throw Self.mismatch(file, schema) }
    }

    /// What lies one behind the other in both is one step.
    private mutating func append(_ step: Step) {
        if case .bytes(let from, let to, let count) = step,
            case .bytes(let lastFrom, let lastTo, let lastCount)? = steps.last,
            from == lastFrom + lastCount, to == lastTo + lastCount
        {
            steps[steps.count - 1] = .bytes(from: lastFrom, to: lastTo, count: lastCount + count)
        } else {
            steps.append(step)
        }
    }

    /// The bytes of a cell's elements of those of the file's.
    func elements(_ bytes: [UInt8]) -> [UInt8] {
        if fileSize == stride, steps.count == 1, case .bytes(0, 0, stride) = steps[0] { return bytes }
        let count = bytes.count / fileSize
        var result = [UInt8](repeating: 0, count: count * stride)
        for index in 0..<count {
            let (source, target) = (index * fileSize, index * stride)
            for step in steps {
                switch step {
                case .bytes(let from, let to, let count):
                    for place in 0..<count { result[target + to + place] = bytes[source + from + place] }
                case .text(let from, let to, var count):
                    while count > 0, bytes[source + from + count - 1] == 0 { count -= 1 }
                    result[target + to] = UInt8(count & 0xFF)
                    result[target + to + 1] = UInt8(count >> 8)
                    for place in 0..<count { result[target + to + 2 + place] = bytes[source + from + place] }
                }
            }
        }
        return result
    }

    // MARK: Parts

    /// A part without parts of its own, or several alike.
    private struct Leaf {
        var path: String
        var type: NumPyType
        var count: Int
        var offset: Int
    }

    private static func leaves(_ array: NumPyArray, path: String = "", at offset: Int = 0) -> [Leaf] {
        guard case .structure(let fields, let size) = array.type else {
            return [Leaf(path: path, type: array.type, count: array.count, offset: offset)]
        }
        return (0..<array.count).flatMap { index in
            let path = path + (array.dimensions.isEmpty ? "" : "[\(index)]")
            return fields.flatMap { field in
                leaves(field.type, path: path + "." + field.name, at: offset + index * size + field.offset)
            }
        }
    }

    private static func mismatch(_ file: NumPyArray, _ schema: Schema) -> ToolError {
        let shape = file.dimensions.isEmpty ? "" : " in \(NumPyText.shape(file.dimensions))"
        return ToolError(
            .badData,
            "the file has elements of NumPy's type \(NumPyText.description(file.type))\(shape), and the array those of '\(schema)', "
                + "which is \(NumPyText.description(NumPyArray(schema).padded(to: schema.stride).type))")
    }
}

extension NumPyArray {
    /// How many leaves there are: work that a short header can ask for.
    fileprivate var partCount: Int {
        guard case .structure(let fields, _) = type else { return 1 }
        let parts = fields.reduce(0) { min($0 + $1.type.partCount, 1 << 20) }
        return min(max(count, 1), 1 << 20) * max(parts, 1)
    }
}

import Cellar

extension UntypedCell {
    /// What the element holds.
    func content(at index: Int = 0) throws -> CellContent { try info.schema.content(of: bytes(at: index)) }

    /// Goes through the elements in pieces that fit in little memory.
    func forEachContent(in range: Range<Int>, _ body: (CellContent) throws -> Void) throws {
        let step = max(1, (1 << 16) / info.schema.stride)
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min(range.upperBound, start + min(step, range.upperBound - start))
            let bytes = try bytes(in: start..<end)
            for content in try info.schema.content(of: bytes, count: end - start) { try body(content) }
            start = end
        }
    }

    /// Writes the elements as a list on one line, in pieces.
    func writeList(
        _ range: Range<Int>, to output: Output, _ text: (CellContent) -> String
    ) throws {
        var separator = "["
        try forEachContent(in: range) { content in
            try output.write(separator)
            try output.write(text(content))
            separator = ", "
        }
        try output.write(range.isEmpty ? "[]" : "]")
    }
}

/// An object on one line of JSON, member by member.
struct JSONLine {
    private(set) var text = "{"

    mutating func add(_ name: String, json: String) {
        text += (text.utf8.count > 1 ? ", " : "") + CellContent.escape(name) + ": " + json
    }

    mutating func add(_ name: String, _ value: String) { add(name, json: CellContent.escape(value)) }
    mutating func add(_ name: String, _ value: some BinaryInteger) { add(name, json: "\(value)") }
    mutating func add(_ name: String, _ value: Bool) { add(name, json: value ? "true" : "false") }

    /// The whole object.
    var closed: String { text + "}" }
}

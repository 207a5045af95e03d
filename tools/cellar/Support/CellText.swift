import Cellar

extension UntypedCell {
    /// What the element holds.
    func content(at index: Int = 0) throws -> CellContent { try info.schema.content(of: bytes(at: index)) }

    /// Replaces a part of the element, or the fields of it that the content has.
    func replace(_ part: ChangedPart, of index: Int, by content: CellContent) throws {
        try modify(at: index) { bytes in
            let new = part.isWhole ? content : part.change(try info.schema.content(of: bytes), to: content)
            bytes = try info.schema.bytes(of: new, over: bytes)
        }
    }

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
        _ range: Range<Int>, to output: Output, _ text: (CellContent) throws -> String
    ) throws {
        var separator = "["
        try forEachContent(in: range) { content in
            try output.write(separator)
            try output.write(try text(content))
            separator = ", "
        }
        try output.write(range.isEmpty ? "[]" : "]")
    }
}

extension Schema {
    /// What a person typed for the cell `name`, in a message about which the name should be.
    func content(parsing text: String, for name: String) throws -> CellContent {
        do throws(StoreError) { return try CellContent(parsing: text, as: self) } catch { throw error.about(name) }
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

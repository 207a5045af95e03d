import Cellar

/// Writes an array's elements to a file, in pieces, each as of one moment.
struct ArrayExport {
    let cell: UntypedCell
    let file: OutputFile
    private static let pieceBytes = 1 << 18

    func write(as format: ArrayFormat) throws {
        let (schema, count) = (cell.info.schema, cell.info.count)
        switch format {
        case .raw: try forEachPiece { bytes, _ in try file.write(bytes) }
        case .npy:
            let header = NumPyHeader(element: NumPyArray(schema).padded(to: schema.stride), count: count)
            try file.write(header.bytes())
            try forEachPiece { bytes, _ in try file.write(bytes) }
        case .csv:
            let fields = try ElementFields(schema)
            try file.write(CSV.line(fields.names))
            try forEachPiece { bytes, count in
                for content in try schema.content(of: bytes, count: count) {
                    try file.write(CSV.line(fields.texts(content)))
                }
            }
        }
        try file.finish()
    }

    private func forEachPiece(_ body: ([UInt8], Int) throws -> Void) throws {
        let (stride, count) = (cell.info.schema.stride, cell.info.count)
        var bar = ProgressBar(total: cell.info.byteCount, label: "export")
        defer { bar.finish() }
        let step = max(1, Self.pieceBytes / stride)
        var start = 0
        while start < count {
            let end = min(count, start + step)
            try body(cell.bytes(in: start..<end), end - start)
            bar.advance(by: (end - start) * stride)
            start = end
        }
    }
}

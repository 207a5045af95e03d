import CCellar

/// What a block is: so many bytes of content, and an index that says whether somebody writes.
struct BlockShape: Hashable, Sendable {
    var byteCount: Int

    static let mostBytes = 1 << 44

    init(byteCount: Int) { self.byteCount = byteCount }

    init?(parsing text: String) {
        guard var fields = FormText(text, .block), let byteCount = fields.number("bytes"), fields.isAtEnd,
            (1...Self.mostBytes).contains(byteCount)
        else { return nil }
        self.init(byteCount: byteCount)
    }

    var text: String { "block bytes=\(byteCount)" }

    var form: StructureForm {
        StructureForm(
            kind: .block, text: text, byteCount: byteCount,
            index: .init(
                byteCount: MemoryLayout<cellar_block>.size, bellCount: 1, bellStride: 64,
                firstBell: CELLAR_BLOCK_BELL))
    }
}

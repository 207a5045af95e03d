import CCellar

/// A private copy of a cell as the disk has it, laid out as in the segment, for a process that only looks.
@usableFromInline @safe
final class CellImage: @unchecked Sendable {
    let reference: CellReference
    private let memory: UnsafeMutableRawPointer

    /// Reads the cell's content through `read`, which fills each chunk.
    init(
        kind: CellRecord.Kind, schema: Schema, count: Int,
        read: (_ chunk: UInt32, UnsafeMutableRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) {
        let head = unsafe MemoryLayout<cellar_cell>.size
        let array = MemoryLayout<cellar_array>.size
        let bytes = schema.stride.multipliedReportingOverflow(by: count)
        guard !bytes.overflow, bytes.partialValue < 1 << 46 else {
            throw StoreError(.corruptDatabase, "a cell of \(count) elements of \(schema.stride) bytes is said to exist")
        }
        let size = Rounding.up(head + array + (kind == .array ? 1 : 2) * bytes.partialValue + 64, to: 64)
        unsafe memory = .allocate(byteCount: size, alignment: 64)
        // No crash point: memory of this process alone.
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        let isWord = kind == .value && schema.size <= 8
        let payload = unsafe isWord ? memory + CELLAR_CELL_WORD : memory + 256
        unsafe reference = CellReference(
            address: memory, payload: payload, marks: memory + CELLAR_CELL_MARK,
            array: kind == .array ? memory + head : memory,
            copySize: Rounding.up(schema.size, to: 16), count: count, size: schema.size,
            stride: schema.stride, id: -1)
        let total = kind == .array ? bytes.partialValue : schema.size
        var offset = 0
        while offset < total {
            let length = kind == .array ? min(SegmentLayout.chunkSize, total - offset) : total
            try unsafe read(
                UInt32(offset >> SegmentLayout.chunkShift),
                UnsafeMutableRawBufferPointer(start: payload + offset, count: length))
            offset += length
        }
    }

    deinit { unsafe memory.deallocate() }
}

extension Catalogue {
    /// So many bytes of a structure, as of one moment. O(`count`).
    func image(ofBytes count: Int, of uid: UInt64) throws(StoreError) -> CellImage {
        try database.read { (transaction) throws(StoreError) in
            unsafe try CellImage(kind: .array, schema: Schema(.scalar(.uint8)), count: count) {
                (chunk, target) throws(StoreError) in
                _ = unsafe try readChunk(ChunkKey(uid: uid, chunk: chunk), in: transaction, into: target)
            }
        }
    }
}

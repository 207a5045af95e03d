import CCellar
import Glibc

/// The type descriptions that cells share: each kept once, in a list, never removed.
struct SchemaTable {
    let segment: Segment

    private var head: SharedWord { segment.word(CELLAR_HEADER_SCHEMAS) }

    /// One record, in bounds.
    @safe struct Record {
        let offset: UInt64
        let fields: UnsafeMutablePointer<cellar_schema>
        let next: SharedWord
        var fingerprint: UInt64 { unsafe fields.pointee.fingerprint }
        var size: Int { Int(clamping: unsafe fields.pointee.size) }
        var alignment: Int { Int(unsafe fields.pointee.alignment) }
        /// Size and alignment, where they can be those of a type. Only the text tells whether they are this one's.
        func layout(in segment: Segment) throws(StoreError) -> (size: Int, alignment: Int) {
            guard size > 0, size <= SchemaParser.maximumSize, alignment.nonzeroBitCount == 1 else {
                throw segment.corrupt("a type of \(size) bytes, aligned to \(alignment), is said to be there")
            }
            return (size, alignment)
        }
        var textLength: Int { Int(unsafe fields.pointee.text_length) }
    }

    @inline(__always)
    func record(at offset: UInt64) throws(StoreError) -> Record {
        let address = unsafe try segment.require(offset, count: MemoryLayout<cellar_schema>.size, "a type description")
        return unsafe Record(
            offset: offset, fields: address.assumingMemoryBound(to: cellar_schema.self), next: SharedWord(address))
    }

    /// The whole description, parsed with distrust.
    func schema(at offset: UInt64) throws(StoreError) -> Schema {
        let record = try record(at: offset)
        let head = MemoryLayout<cellar_schema>.size
        let address = unsafe try segment.require(offset, count: head + record.textLength, "a type description")
        let text = unsafe String(
            decoding: UnsafeRawBufferPointer(start: address + head, count: record.textLength), as: UTF8.self)
        let schema: Schema
        do { schema = try Schema(parsing: text) } catch {
            throw segment.corrupt("a type description cannot be read: \(error.message)")
        }
        guard schema.size == record.size, schema.fingerprint == record.fingerprint else {
            throw segment.corrupt("the type description '\(text)' does not match its own size")
        }
        return schema
    }

    /// The offset of the schema's record, made if need be. Under the allocation lock. O(distinct types).
    func intern(_ schema: Schema) throws(StoreError) -> UInt64 {
        var offset = head.acquire()
        var budget = 1 << 16
        while offset != 0 {
            let record = try record(at: offset)
            if record.fingerprint == schema.fingerprint, record.size == schema.size { return offset }
            offset = record.next.relaxed()
            budget -= 1
            guard budget > 0 else { throw segment.corrupt("its list of type descriptions has no end") }
        }
        return try add(schema)
    }

    private func add(_ schema: Schema) throws(StoreError) -> UInt64 {
        let text = Array(schema.description.utf8)
        let head = MemoryLayout<cellar_schema>.size
        let block = try Allocator(segment: segment).take(head + text.count) { block in
            Intent(segment: segment).begin(.publish, block: block, other: UInt64(CELLAR_HEADER_SCHEMAS))
        }
        let address = unsafe try segment.require(block.offset, count: head + text.count, "a type description")
        let record = unsafe address.assumingMemoryBound(to: cellar_schema.self)
        unsafe record.pointee.next = self.head.relaxed()
        unsafe record.pointee.fingerprint = schema.fingerprint
        unsafe record.pointee.size = UInt64(schema.size)
        unsafe record.pointee.alignment = UInt32(schema.alignment)
        unsafe record.pointee.text_length = UInt32(text.count)
        unsafe (address + head).copyMemory(from: text, byteCount: text.count)
        crashPoint("schema: written")
        self.head.release(block.offset)
        crashPoint("schema: published")
        Intent(segment: segment).end()
        return block.offset
    }
}

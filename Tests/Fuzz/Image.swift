import CCellar
import CellarTestSupport

/// The bytes of a segment, and where its structures lie in them.
///
/// Structures are walked by their declarations in C, and damaged word by word over their whole size: a field that is
/// added there is damaged too, without a word here.
struct Image {
    /// One structure as it lies in the segment.
    struct Structure {
        var name: String
        var offset: Int
        var size: Int
    }

    var bytes: [UInt8]

    func word(_ offset: Int) -> UInt64 {
        guard offset >= 0, offset + 8 <= bytes.count else { return 0 }
        return (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64($1 * 8) }
    }

    mutating func setWord(_ offset: Int, _ word: UInt64) { set(offset, word, byteCount: 8) }

    mutating func set(_ offset: Int, _ word: UInt64, byteCount: Int) {
        for index in 0..<byteCount where offset + index < bytes.count {
            bytes[offset + index] = UInt8(truncatingIfNeeded: word >> UInt64(index * 8))
        }
    }

    /// Every structure of a segment that is whole, by kind.
    func structures() -> [String: [Structure]] {
        var all = fixedStructures()
        all.append(contentsOf: list("schema", from: CELLAR_HEADER_SCHEMAS, MemoryLayout<cellar_schema>.size))
        all.append(contentsOf: list("limbo record", from: CELLAR_HEADER_LIMBO, MemoryLayout<cellar_limbo>.size))
        all.append(contentsOf: list("large free block", from: CELLAR_HEADER_FREE_LARGE, 16))
        for index in 0..<Int(CELLAR_SMALL_CLASSES) {
            all.append(contentsOf: list("free block", from: CELLAR_HEADER_FREE_SMALL + index * 8, 16))
        }
        all.append(contentsOf: directory())
        for cell in cells() { all.append(contentsOf: parts(ofCell: cell)) }
        return Dictionary(grouping: all.filter { $0.offset + $0.size <= bytes.count }, by: \.name)
    }

    private func fixedStructures() -> [Structure] {
        let slot = unsafe MemoryLayout<cellar_process>.stride
        let transactions = unsafe MemoryLayout<cellar_transactions>.size
        return [
            Structure(name: "header", offset: 0, size: CELLAR_HEADER_FREE_SMALL),
            Structure(name: "intent", offset: CELLAR_HEADER_INTENT, size: MemoryLayout<cellar_intent>.size),
            Structure(
                name: "checkpoint", offset: CELLAR_HEADER_CHECKPOINT, size: unsafe MemoryLayout<cellar_checkpoint>.size),
            Structure(name: "transactions", offset: CELLAR_HEADER_TRANSACTIONS, size: transactions),
            Structure(
                name: "transaction record",
                offset: Int(truncatingIfNeeded: word(CELLAR_HEADER_TRANSACTIONS + CELLAR_TRANSACTIONS_RECORD)),
                size: Int(truncatingIfNeeded: word(CELLAR_HEADER_TRANSACTIONS + CELLAR_TRANSACTIONS_RECORD_LENGTH))),
            Structure(
                name: "touched pieces",
                offset: Int(truncatingIfNeeded: word(CELLAR_HEADER_TRANSACTIONS + CELLAR_TRANSACTIONS_TOUCHED)),
                size: 1024),
            Structure(name: "free lists", offset: CELLAR_HEADER_FREE_SMALL, size: Int(CELLAR_SMALL_CLASSES) * 8),
            Structure(name: "process slot", offset: CELLAR_SEGMENT_PROCESSES, size: slot),
            Structure(name: "process slot", offset: CELLAR_SEGMENT_PROCESSES + slot, size: slot),
            Structure(name: "pages", offset: CELLAR_SEGMENT_PAGES, size: 32),
            Structure(name: "dirty pages", offset: CELLAR_SEGMENT_DIRTY_PAGES, size: 16),
        ]
            + pages().flatMap { page in
                [
                    Structure(name: "page cells", offset: page, size: CELLAR_TABLE_PAGE_DIRTY),
                    Structure(name: "page bits", offset: page + CELLAR_TABLE_PAGE_DIRTY, size: 16),
                    Structure(name: "page bits", offset: page + CELLAR_TABLE_PAGE_TAKEN, size: 16),
                ]
            }
    }

    private func pages() -> [Int] {
        (0..<Int(CELLAR_TABLE_PAGES)).map { Int(word(CELLAR_SEGMENT_PAGES + $0 * 8)) }.filter { $0 != 0 }
    }

    private func list(_ name: String, from link: Int, _ size: Int) -> [Structure] {
        var found: [Structure] = []
        var offset = Int(truncatingIfNeeded: word(link))
        while offset != 0, found.count < 1000 {
            found.append(Structure(name: name, offset: offset, size: size))
            offset = Int(truncatingIfNeeded: word(offset))
        }
        return found
    }

    private func directory() -> [Structure] {
        let table = Int(word(CELLAR_HEADER_DIRECTORY))
        let head = MemoryLayout<cellar_directory>.size
        return [
            Structure(name: "directory", offset: table, size: head),
            Structure(name: "directory slots", offset: table + head, size: Int(word(table)) * 8),
        ]
    }

    func cells() -> [Int] {
        pages().flatMap { page in (0..<256).map { Int(word(page + $0 * 8)) } }.filter { $0 != 0 }
    }

    private func parts(ofCell cell: Int) -> [Structure] {
        let head = unsafe MemoryLayout<cellar_cell>.size
        var parts = [
            Structure(name: "cell", offset: cell, size: head),
            Structure(name: "cell's name", offset: cell + head, size: 8),
        ]
        // The kind, in the low byte of the word behind the state.
        if word(cell + CELLAR_CELL_STATE) >> 32 & 0xFF == 2 {
            let array = Int(word(cell + CELLAR_CELL_WORD))
            parts.append(Structure(name: "array", offset: array, size: MemoryLayout<cellar_array>.size))
            parts.append(Structure(name: "marks", offset: array + MemoryLayout<cellar_array>.size, size: 16))
        }
        if word(cell + CELLAR_CELL_STATE) >> 32 & 0xFF == 5 { parts.append(contentsOf: structureParts(ofCell: cell)) }
        if isDictionary(cell) {
            let part = Int(word(cell + CELLAR_CELL_WORD))
            parts.append(
                Structure(name: "dictionary", offset: part, size: MemoryLayout<cellar_dictionary>.size))
            for stripe in stripes(ofCell: cell) { parts.append(contentsOf: self.parts(ofStripe: stripe)) }
        }
        return parts
    }

    // MARK: Structures

    /// A queue, a lock and so on: what stands before its index, the index, and its content.
    private func structureParts(ofCell cell: Int) -> [Structure] {
        let array = Int(word(cell + CELLAR_CELL_WORD))
        let head = Int(word(array + CELLAR_ARRAY_EXTRA))
        let headSize = MemoryLayout<cellar_structure>.size
        let indexSize = Int(truncatingIfNeeded: word(head + 8))
        let (content, contentSize) = (Int(word(array)), Int(word(cell + 56)))
        return [
            Structure(name: "array", offset: array, size: MemoryLayout<cellar_array>.size),
            Structure(name: "structure", offset: head, size: headSize),
            Structure(name: "structure's index", offset: head + headSize, size: min(indexSize, 256)),
            Structure(name: "structure's whole index", offset: head + headSize, size: indexSize),
            Structure(name: "structure's text", offset: head + headSize + indexSize, size: 64),
            Structure(name: "structure's content", offset: content, size: min(contentSize, 512)),
            Structure(name: "structure's whole content", offset: content, size: contentSize),
        ]
    }

    // MARK: Dictionaries

    private func isDictionary(_ cell: Int) -> Bool { word(cell + CELLAR_CELL_STATE) >> 32 & 0xFF == 4 }

    private func stripes(ofCell cell: Int) -> [Int] {
        let part = Int(word(cell + CELLAR_CELL_WORD))
        let first = Int(word(part + CELLAR_DICTIONARY_STRIPES))
        let size = unsafe MemoryLayout<cellar_stripe>.size
        return (0..<32).map { first + $0 * size }
    }

    /// Where the stripes of all dictionaries lie.
    func stripes() -> [Int] { cells().filter(isDictionary).flatMap(stripes) }

    private func parts(ofStripe stripe: Int) -> [Structure] {
        let table = word(stripe + CELLAR_STRIPE_DIRECTORY)
        let (offset, depth) = (Int(table & (1 << 48 - 1)), Int(table >> 48))
        let count = 1 << depth
        let buckets = Set((0..<count).map { Int(word(offset + (max(count / 64, 1) + $0) * 8) & (1 << 48 - 1)) })
        return [
            // Without the lists of free memory, which are many.
            Structure(name: "stripe", offset: stripe, size: CELLAR_STRIPE_FREE_BLOCKS),
            Structure(name: "stripe's free memory", offset: stripe + CELLAR_STRIPE_FREE_BUCKETS, size: 44 * 8),
            Structure(name: "stripe's directory", offset: offset, size: (max(count / 64, 1) + count) * 8),
            Structure(name: "slab", offset: Int(word(stripe + CELLAR_STRIPE_SLABS)), size: 32),
        ]
            + buckets.filter { $0 != 0 }.sorted().flatMap { bucket in
                [
                    Structure(name: "bucket", offset: bucket, size: MemoryLayout<cellar_bucket>.size),
                    Structure(name: "bucket's slots", offset: bucket + 64, size: 128),
                ]
            }
    }
}

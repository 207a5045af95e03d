import CCellar

extension SegmentCheck {
    // MARK: Lists

    mutating func checkLimbo() {
        var offset = segment.word(CELLAR_HEADER_LIMBO).acquire()
        var number = 0
        let limbo = Limbo(segment: segment)
        while offset != 0, number <= budget {
            let here = offset
            offset = 0
            number += 1
            attempt("limbo") { (check) throws(StoreError) in
                let record = try limbo.record(at: here)
                offset = record.next.acquire()
                let size = MemoryLayout<cellar_limbo>.size
                check.claim(Block(offset: here, size: Allocator.blockSize(size)), "a limbo record")
                check.claim(record.block, "a removed block")
                guard record.cellID != UInt64.max else { return }
                for part in try CellHeader(segment: check.segment, at: record.block.offset).partsElsewhere {
                    check.claim(part, "a part of a removed cell")
                }
            }
        }
        if number > budget { note(.damaged, "limbo", "its list has no end") }
        count("limbo", number, "blocks")
    }

    mutating func checkFreeLists() {
        var bytes: UInt64 = 0
        var number = 0
        for index in 0..<Int(CELLAR_SMALL_CLASSES) {
            let size = UInt64((index + 1) * SegmentLayout.granule)
            walk(segment.word(CELLAR_HEADER_FREE_SMALL + index * 8), "the list of \(size) bytes", &number, &bytes) {
                $0 == size
            }
        }
        walk(segment.word(CELLAR_HEADER_FREE_LARGE), "the list of large blocks", &number, &bytes) { $0 > 4096 }
        let said = segment.word(CELLAR_HEADER_FREE_BYTES).relaxed()
        if said != bytes { note(.wasted, "free lists", "the header counts \(said) free bytes, and there are \(bytes)") }
        count("free lists", number, "blocks")
    }

    private mutating func walk(
        _ head: SharedWord, _ list: String, _ number: inout Int, _ bytes: inout UInt64, fits: (UInt64) -> Bool
    ) {
        var offset = head.acquire()
        var steps = 0
        while offset != 0 {
            guard steps <= budget else { return note(.damaged, "free lists", "\(list) has no end") }
            steps += 1
            let block = unsafe segment.pointer(offset, count: 16, alignment: 16)
            guard let block = unsafe block else {
                return note(.damaged, "free lists", "\(list) leads to \(offset), which is not in the segment")
            }
            let size = unsafe SharedWord(block + 8).acquire()
            guard fits(size) else {
                return note(.damaged, "free lists", "\(list) has a block of \(size) bytes at \(offset)")
            }
            claim(Block(offset: offset, size: size), "a free block")
            bytes &+= size
            number += 1
            offset = unsafe SharedWord(block).acquire()
        }
    }

    // MARK: The whole

    /// Every byte up to the cursor is one's, and only one's.
    mutating func checkMemory() {
        let cursor = segment.word(CELLAR_HEADER_CURSOR).acquire()
        var end = Self.firstBlock
        var last = "the fixed part"
        var wasted: UInt64 = 0
        for (block, owner) in claims.sorted(by: { $0.block.offset < $1.block.offset }) {
            guard block.size <= cursor, block.offset <= cursor - block.size else {
                note(
                    .damaged, "memory",
                    "\(owner) is said to have \(block.size) bytes at \(block.offset), beyond the end")
                continue
            }
            if block.offset < end { note(.damaged, "memory", "\(owner) and \(last) share memory at \(block.offset)") }
            if block.offset > end { wasted += block.offset - end }
            if block.offset + block.size >= end { (end, last) = (block.offset + block.size, owner) }
        }
        if cursor > end { wasted += cursor - end }
        if wasted > 0 {
            note(.wasted, "memory", "\(wasted) bytes are nobody's: lost to a process that died, until the next restart")
        }
        count("memory", Int(clamping: cursor), "bytes")
    }
}

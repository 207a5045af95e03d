import CCellar
import Glibc

/// A piece of the segment.
struct Block: Hashable {
    var offset: UInt64
    var size: UInt64
}

/// Hands out blocks of the segment. Everything under the allocation lock.
///
/// Blocks of up to 4 KiB come from a free list per multiple of 16 bytes, larger ones from one first-fit list, and what
/// the lists do not have from the end of the segment, which grows. A free block's first word links to the next free
/// block, its second says its size. A large block gives its end and stays on the list, if what remains is large too; so
/// a block taken has the size that was asked for, in multiples of 16. A block is taken in two steps, and the intent
/// written between them names it, so that a crash never loses it.
struct Allocator {
    let segment: Segment

    private var cursor: SharedWord { segment.word(CELLAR_HEADER_CURSOR) }
    private var freeBytes: SharedWord { segment.word(CELLAR_HEADER_FREE_BYTES) }

    private static let smallLimit = Int(CELLAR_SMALL_CLASSES) * Int(CELLAR_SMALL_GRANULE)
    /// How far the first-fit search looks before it takes fresh memory.
    private static let searchLimit = 256

    private func list(for size: UInt64) -> SharedWord {
        size <= UInt64(Self.smallLimit)
            ? segment.word(CELLAR_HEADER_FREE_SMALL + (Int(size) / SegmentLayout.granule - 1) * 8)
            : segment.word(CELLAR_HEADER_FREE_LARGE)
    }

    /// The size of the block that is taken for so many bytes.
    static func blockSize(_ size: Int) -> UInt64 { UInt64(Rounding.up(max(size, 32), to: SegmentLayout.granule)) }

    /// Takes a zeroed block of at least `size` bytes. `declare` writes the intent that names it, before it leaves the
    /// place it is taken from. Amortised O(1).
    func take(_ size: Int, declare: (Block) -> Void) throws(StoreError) -> Block {
        let wanted = Self.blockSize(size)
        if let block = try takeFree(wanted, declare) { return block }
        let block = Block(offset: cursor.relaxed(), size: wanted)
        guard unsafe block.offset >= UInt64(MemoryLayout<cellar_segment>.size),
            block.offset % UInt64(SegmentLayout.granule) == 0
        else { throw segment.corrupt("its allocation cursor is \(block.offset)") }
        let end = block.offset.addingReportingOverflow(wanted)
        guard !end.overflow, end.partialValue < UInt64(Int.max) else {
            throw StoreError(.memoryFull, "a block of \(size) bytes fits in no segment")
        }
        try segment.grow(toContain: Int(end.partialValue))
        declare(block)
        crashPoint("allocator: fresh block declared")
        cursor.release(end.partialValue)
        crashPoint("allocator: fresh block taken")
        return block
    }

    private func takeFree(_ wanted: UInt64, _ declare: (Block) -> Void) throws(StoreError) -> Block? {
        var link = list(for: wanted)
        for _ in 0..<Self.searchLimit {
            let offset = link.relaxed()
            if offset == 0 { return nil }
            let (next, size) = try freeBlock(offset)
            let rest = size.relaxed() &- wanted
            if size.relaxed() >= wanted, rest == 0 || rest > UInt64(Self.smallLimit) {
                // A small list has blocks of one size: a larger one would be cleared over what lies behind it.
                guard rest == 0 || wanted > UInt64(Self.smallLimit), rest % UInt64(SegmentLayout.granule) == 0 else {
                    throw segment.corrupt("the free block at \(offset) is said to have \(size.relaxed()) bytes")
                }
                let block = Block(offset: offset &+ rest, size: wanted)
                let address = unsafe try segment.require(offset, count: Int(clamping: size.relaxed()), "a free block")
                declare(block)
                crashPoint("allocator: free block declared")
                if rest == 0 { link.release(next.relaxed()) } else { size.release(rest) }
                crashPoint("allocator: free block taken off")
                freeBytes.setRelaxed(freeBytes.relaxed() &- wanted)
                unsafe (address + Int(rest)).initializeMemory(as: UInt8.self, repeating: 0, count: Int(wanted))
                crashPoint("allocator: free block cleared")
                return block
            }
            link = next
        }
        return nil
    }

    /// Puts a block on its free list. Its memory must be out of everyone's sight.
    func release(_ block: Block) throws(StoreError) {
        try check(block)
        let list = list(for: block.size)
        if list.relaxed() == block.offset { return }
        _ = unsafe try segment.require(block.offset, count: Int(clamping: block.size), "a freed block")
        let (next, size) = try freeBlock(block.offset)
        size.setRelaxed(block.size)
        next.setRelaxed(list.relaxed())
        crashPoint("allocator: freed block filled in")
        list.release(block.offset)
        crashPoint("allocator: freed block listed")
        freeBytes.setRelaxed(freeBytes.relaxed() &+ block.size)
    }

    /// Undoes a `take` whose author died: the block may have left its place or not.
    func giveBack(_ block: Block) throws(StoreError) {
        try check(block)
        if block.offset >= cursor.relaxed() {
            // Fresh memory that never left: only what was written into it must go.
            if let address = unsafe segment.pointer(block.offset, count: Int(clamping: block.size)) {
                unsafe address.initializeMemory(as: UInt8.self, repeating: 0, count: Int(block.size))
                crashPoint("recover: fresh block cleared")
            }
            return
        }
        if try isListed(block) { return }
        try release(block)
    }

    /// Blocks come back by what damaged memory may say of them, and the size chooses the list.
    private func check(_ block: Block) throws(StoreError) {
        let granule = UInt64(SegmentLayout.granule)
        guard block.size >= granule, block.size % granule == 0, block.offset % granule == 0 else {
            throw segment.corrupt("a block at \(block.offset) is said to have \(block.size) bytes")
        }
    }

    /// Whether the block is on its list, or in a larger one that is. Looks a little further than `takeFree`, since
    /// blocks may have been put before it meanwhile.
    private func isListed(_ block: Block) throws(StoreError) -> Bool {
        var offset = list(for: block.size).relaxed()
        var steps = 0
        while offset != 0, steps < Self.searchLimit + 8 {
            let (next, size) = try freeBlock(offset)
            if block.offset >= offset, block.offset < offset &+ max(size.relaxed(), 1) { return true }
            offset = next.relaxed()
            steps += 1
        }
        return false
    }

    private func freeBlock(_ offset: UInt64) throws(StoreError) -> (next: SharedWord, size: SharedWord) {
        let address = unsafe try segment.require(offset, count: 16, alignment: 16, "a free block")
        return unsafe (SharedWord(address), SharedWord(address + 8))
    }
}

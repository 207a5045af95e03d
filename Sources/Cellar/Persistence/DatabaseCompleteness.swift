/// Finds out whether a data file has been cut off, and whether what LMDB goes to first is there: the roots of its trees.
///
/// LMDB has no checksums, and to walk all of a large file at each opening would take too long: what is damaged further down is
/// LMDB's to find.
///
/// A whole file may be shorter than its header's last page suggests: a page at the end that was taken and given back within
/// one transaction is never written. Such a page is in the free list. So a file is whole if and only if every page that lies
/// behind its end is in the free list, and the free list itself lies before its end.
struct DatabaseCompleteness {
    private let file: DatabaseFile
    private let header: DatabaseHeader
    /// Pages from here on lie, at least in part, behind the end of the file.
    private let firstMissing: UInt64
    private var freeMissing: Set<UInt64> = []
    private var visited: Set<UInt64> = []

    /// Returns the header of a file in which no page is missing; throws `.corruptDatabase` otherwise.
    static func check(_ file: DatabaseFile) throws(StoreError) -> DatabaseHeader {
        var header = try DatabaseHeader(reading: file)
        for _ in 0..<16 {
            if try isWhole(file, header) { return header }
            let later = try DatabaseHeader(reading: file)
            // A living writer may have reused the pages that were being looked at: look again at its newer ones.
            guard later.transaction != header.transaction else { break }
            header = later
        }
        throw .damaged(
            file.path,
            "it is cut off: \(header.lastPage + 1) pages should be there, but some are missing or overwritten")
    }

    private static func isWhole(_ file: DatabaseFile, _ header: DatabaseHeader) throws(StoreError) -> Bool {
        // The header was read before the size: a writer extends the file first and writes the header last.
        let byteCount = try file.byteCount()
        guard byteCount < header.fullByteCount else { return try rootsAreSound(file, header) }
        let missing = header.lastPage + 1 - byteCount / UInt64(header.pageSize)
        var walk = DatabaseCompleteness(file: file, header: header, firstMissing: header.lastPage + 1 - missing)
        guard header.freeListRoot != .max, try walk.visit(header.freeListRoot, depth: 0) else { return false }
        guard UInt64(walk.freeMissing.count) == missing else { return false }
        return try rootsAreSound(file, header)
    }

    /// Whether the roots of all trees look like pages of trees.
    private static func rootsAreSound(_ file: DatabaseFile, _ header: DatabaseHeader) throws(StoreError) -> Bool {
        if header.freeListRoot != DatabaseTree.none {
            // Its keys are numbers of transactions; the first of a branch page is left out.
            guard let free = try page(header.freeListRoot, file, header),
                free.nodes.dropFirst(free.isLeaf ? 0 : 1).allSatisfy({
                    free.bytes.integer(at: $0 + 6, as: UInt16.self) == 8
                })
            else { return false }
        }
        if header.mainRoot == DatabaseTree.none { return true }
        guard let main = try page(header.mainRoot, file, header) else { return false }
        guard main.isLeaf else { return true }
        for place in main.nodes {
            guard let flags = main.bytes.integer(at: place + 4, as: UInt16.self),
                let keyCount = main.bytes.integer(at: place + 6, as: UInt16.self)
            else { return false }
            // Bit 1: the value is a named database's tree.
            guard flags & 0x02 != 0 else { continue }
            guard let tree = DatabaseTree(main.bytes, at: place + 8 + Int(keyCount)),
                tree.isPossible(lastPage: header.lastPage)
            else { return false }
            if tree.root != DatabaseTree.none, try page(tree.root, file, header) == nil { return false }
        }
        return true
    }

    /// A page of a tree: its bytes, and where its nodes begin.
    private struct TreePage {
        var bytes: [UInt8]
        var isLeaf: Bool
        var nodes: [Int]
    }

    /// Reads a page of a tree; nil if it is not as it should be.
    private static func page(
        _ number: UInt64, _ file: DatabaseFile, _ header: DatabaseHeader
    ) throws(StoreError) -> TreePage? {
        let bytes = try file.bytes(at: number * UInt64(header.pageSize), count: header.pageSize)
        guard bytes.count == header.pageSize, bytes.integer(at: 0, as: UInt64.self) == number,
            let flags = bytes.integer(at: 10, as: UInt16.self), let lower = bytes.integer(at: 12, as: UInt16.self),
            let upper = bytes.integer(at: 14, as: UInt16.self), flags & 0x03 == 0x01 || flags & 0x03 == 0x02,
            lower > 16, lower % 2 == 0, lower <= upper, Int(upper) <= header.pageSize
        else { return nil }
        var nodes: [Int] = []
        for index in 0..<(Int(lower) - 16) / 2 {
            guard let place = bytes.integer(at: 16 + 2 * index, as: UInt16.self), place >= upper,
                Int(place) + 8 <= header.pageSize
            else { return nil }
            nodes.append(Int(place))
        }
        return TreePage(bytes: bytes, isLeaf: flags & 0x02 != 0, nodes: nodes)
    }

    private init(file: DatabaseFile, header: DatabaseHeader, firstMissing: UInt64) {
        self.file = file
        self.header = header
        self.firstMissing = firstMissing
    }

    /// Reads one page of the free list's tree and all below; false if it is not as it should be.
    private mutating func visit(_ number: UInt64, depth: Int) throws(StoreError) -> Bool {
        guard depth < 32, number < firstMissing, visited.insert(number).inserted else { return false }
        let page = try file.bytes(at: number * UInt64(header.pageSize), count: header.pageSize)
        guard let flags = page.integer(at: 10, as: UInt16.self), let lower = page.integer(at: 12, as: UInt16.self),
            (16...header.pageSize).contains(Int(lower))
        else { return false }
        for index in 0..<(Int(lower) - 16) / 2 {
            guard let place = page.integer(at: 16 + 2 * index, as: UInt16.self) else { return false }
            let sound =
                switch flags & 0x03 {
                case 0x01: try visitChild(in: page, at: Int(place), depth: depth)
                case 0x02: try noteFreePages(in: page, at: Int(place))
                default: false
                }
            guard sound else { return false }
        }
        return true
    }

    /// A node of a branch page: the child's page number in three parts.
    private mutating func visitChild(in page: [UInt8], at place: Int, depth: Int) throws(StoreError) -> Bool {
        guard let low = page.integer(at: place, as: UInt32.self),
            let high = page.integer(at: place + 4, as: UInt16.self)
        else { return false }
        return try visit(UInt64(low) | UInt64(high) << 32, depth: depth + 1)
    }

    /// A node of a leaf page: a transaction and the list of the pages that it freed, here or on pages of its own.
    private mutating func noteFreePages(in page: [UInt8], at place: Int) throws(StoreError) -> Bool {
        guard let byteCount = page.integer(at: place, as: UInt32.self),
            let flags = page.integer(at: place + 4, as: UInt16.self),
            let keyCount = page.integer(at: place + 6, as: UInt16.self)
        else { return false }
        let data = place + 8 + Int(keyCount)
        guard flags & 0x01 != 0 else { return noteFreePages(listed: page, from: data, byteCount: Int(byteCount)) }
        guard let number = page.integer(at: data, as: UInt64.self), number < firstMissing,
            UInt64(byteCount) + 16 <= (firstMissing - number) * UInt64(header.pageSize)
        else { return false }
        let list = try file.bytes(at: number * UInt64(header.pageSize) + 16, count: Int(byteCount))
        return noteFreePages(listed: list, from: 0, byteCount: Int(byteCount))
    }

    /// A list of page numbers: how many, then each.
    private mutating func noteFreePages(listed bytes: [UInt8], from start: Int, byteCount: Int) -> Bool {
        guard let count = bytes.integer(at: start, as: UInt64.self), byteCount >= 8, count <= UInt64(byteCount - 8) / 8
        else { return false }
        for index in 0..<Int(count) {
            guard let number = bytes.integer(at: start + 8 + 8 * index, as: UInt64.self) else { return false }
            if number >= firstMissing, number <= header.lastPage { freeMissing.insert(number) }
        }
        return true
    }
}

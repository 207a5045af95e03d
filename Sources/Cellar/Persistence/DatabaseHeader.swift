import Glibc

/// What the two header pages of an LMDB data file say, read with plain system calls.
///
/// LMDB believes its header: the page size and the number of pages go unchecked into addresses, and a page that lies behind
/// the end of the file is a SIGBUS. So the header is read and checked here before LMDB maps the file. The layout is that of
/// LMDB's data format 1 on a little-endian 64-bit machine: a 16-byte page header, then
///
/// | offset | bytes | what |
/// |---|---|---|
/// | 16 | 4 | magic number |
/// | 20 | 4 | format version |
/// | 40 | 48 | the free list's tree; its first 4 bytes are the page size, its last 8 the root page |
/// | 88 | 48 | the main tree |
/// | 136 | 8 | last page in use |
/// | 144 | 8 | transaction |
struct DatabaseHeader: Equatable {
    static let magic: UInt32 = 0xBEEF_C0DE
    private static let formatVersion: UInt32 = 1
    private static let byteCount = 152
    private static let metaPageFlag: UInt16 = 0x08

    let pageSize: Int
    let freeListRoot: UInt64
    let mainRoot: UInt64
    let lastPage: UInt64
    let transaction: UInt64
    private let leadsToTrees: Bool

    /// The bytes that the file has if its last page was ever written.
    var fullByteCount: UInt64 { (lastPage + 1) * UInt64(pageSize) }

    /// Reads both header pages; the one with the later transaction counts.
    init(reading file: DatabaseFile) throws(StoreError) {
        let first = try DatabaseHeader(file, at: 0)
        let second: DatabaseHeader
        do throws(StoreError) {
            second = try DatabaseHeader(file, at: UInt64(first.pageSize))
        } catch {
            throw error.code == .notAStore
                ? .damaged(file.path, "its second header page is missing or overwritten") : error
        }
        guard second.pageSize == first.pageSize else {
            throw .damaged(file.path, "its header pages contradict each other")
        }
        self = second.transaction > first.transaction ? second : first
        // Only of the one that counts: where writing a header page failed, LMDB leaves it with a mixture that is never used.
        guard leadsToTrees else { throw .damaged(file.path, "its header leads to trees that cannot be") }
    }

    private init(_ file: DatabaseFile, at offset: UInt64) throws(StoreError) {
        let page = try file.bytes(at: offset, count: Self.byteCount)
        guard let magic = page.integer(at: 16, as: UInt32.self), let version = page.integer(at: 20, as: UInt32.self),
            let flags = page.integer(at: 10, as: UInt16.self), let pageSize = page.integer(at: 40, as: UInt32.self),
            let freeList = DatabaseTree(page, at: 40), let main = DatabaseTree(page, at: 88),
            let last = page.integer(at: 136, as: UInt64.self),
            let transaction = page.integer(at: 144, as: UInt64.self)
        else { throw .foreign(file.path, "it is too short to be an LMDB file") }
        if magic == Self.magic.byteSwapped {
            throw StoreError(
                .incompatible, "the database '\(file.path)' was written by a machine with another byte order")
        }
        guard magic == Self.magic, flags & Self.metaPageFlag != 0 else {
            throw .foreign(file.path, "it is no LMDB file")
        }
        guard version == Self.formatVersion else {
            throw StoreError(.incompatible, "the database '\(file.path)' has LMDB's data format \(version), not 1")
        }
        guard pageSize.nonzeroBitCount == 1, (512...32768).contains(pageSize), (1..<(1 << 47)).contains(last),
            transaction < 1 << 62
        else {
            throw .damaged(file.path, "its header has impossible numbers")
        }
        // The free list's keys are numbers; its other flags are the environment's own.
        leadsToTrees =
            freeList.flags & DatabaseTree.orderFlags == DatabaseTree.numberKeys && main.flags == 0
            && freeList.isPossible(lastPage: last) && main.isPossible(lastPage: last)
        self.pageSize = Int(pageSize)
        freeListRoot = freeList.root
        mainRoot = main.root
        lastPage = last
        self.transaction = transaction
    }
}

import Glibc

/// Walks the pages of an LMDB data file without LMDB, which believes what it reads: every page of every tree is looked at
/// once, within bounds, whatever it says. The layout is that of LMDB's data format 1 on a little-endian 64-bit machine.
///
/// A page begins with its number (8 bytes), flags (2 at 10), and where the node pointers end and the nodes begin (2 at
/// 12 and 14), or how many pages a long value takes (4 at 12). A node is its data's length or its child's number (4, and
/// 2 more of the number), flags (2 at 4), its key's length (2 at 6), key and data.
struct PageCheck {
    private enum Flag {
        static let branch: UInt16 = 0x01
        static let leaf: UInt16 = 0x02
        static let overflow: UInt16 = 0x04
        static let big: UInt16 = 0x01
        static let tree: UInt16 = 0x02
        static let several: UInt16 = 0x04
    }

    private struct Node {
        var data: Int
        var dataCount: Int
        var child: UInt64
        var flags: UInt16
        var key: [UInt8]
    }

    private let file: DatabaseFile
    private let header: DatabaseHeader
    private(set) var faults: [String] = []
    /// What each page is used for.
    private var uses: [UInt64: String] = [0: "the header", 1: "the header"]
    private static let deepest = 32
    /// Enough to see what is the matter.
    private static let mostFaults = 20

    /// Faults of the file as of its newest transaction, the number of pages, and the number of that transaction.
    static func run(_ file: DatabaseFile) throws(StoreError) -> (faults: [String], pages: Int, transaction: UInt64) {
        var check = PageCheck(file: file, header: try DatabaseHeader(reading: file))
        check.walk(check.header.freeListRoot, "the free list", depth: 0, parent: nil)
        check.walk(check.header.mainRoot, "the main tree", depth: 0, parent: nil)
        check.accountForAll()
        return (check.faults, Int(clamping: check.header.lastPage + 1), check.header.transaction)
    }

    private init(file: DatabaseFile, header: DatabaseHeader) {
        self.file = file
        self.header = header
    }

    private mutating func note(_ fault: String) {
        if faults.count < Self.mostFaults { faults.append(fault) }
    }

    private mutating func accountForAll() {
        guard faults.isEmpty else { return }
        let missing = header.lastPage + 1 - UInt64(uses.count)
        if missing > 0 { note("\(missing) of \(header.lastPage + 1) pages are neither in use nor free") }
    }

    /// Takes pages for one use; false if they are not there or another's.
    private mutating func use(_ first: UInt64, _ count: UInt64, _ what: String) -> Bool {
        guard count > 0, first <= header.lastPage, count <= header.lastPage - first + 1 else {
            note("\(what) lies on page \(first), which is not in the file")
            return false
        }
        for page in first..<first + count {
            if let other = uses.updateValue(what, forKey: page) {
                note("page \(page) is in use for \(what), and for \(other)")
                return false
            }
        }
        return true
    }

    // MARK: Trees

    private mutating func walk(_ root: UInt64, _ what: String, depth: Int, parent: [UInt8]?) {
        if root == .max { return }
        guard faults.count < Self.mostFaults, use(root, 1, what) else { return }
        guard let page = try? file.bytes(at: root * UInt64(header.pageSize), count: header.pageSize),
            page.count == header.pageSize
        else { return note("page \(root), of \(what), is cut off") }
        guard page.integer(at: 0, as: UInt64.self) == root, let flags = page.integer(at: 10, as: UInt16.self) else {
            return note("page \(root), of \(what), has another page's number")
        }
        let isBranch = flags & Flag.branch != 0
        guard depth < Self.deepest, isBranch != (flags & Flag.leaf != 0) else {
            return note("page \(root), of \(what), is no page of a tree")
        }
        guard let nodes = nodes(of: page, isBranch) else {
            return note("page \(root), of \(what), does not fit together")
        }
        if what != "the free list", !isInOrder(nodes.dropFirst(isBranch ? 1 : 0).map(\.key)) {
            note("the keys on page \(root), of \(what), are not in order")
        }
        for node in nodes {
            if isBranch {
                walk(node.child, what, depth: depth + 1, parent: node.key)
            } else {
                look(at: node, on: page, what)
            }
        }
    }

    private func nodes(of page: [UInt8], _ isBranch: Bool) -> [Node]? {
        guard let lower = page.integer(at: 12, as: UInt16.self), let upper = page.integer(at: 14, as: UInt16.self),
            lower >= 16, lower <= upper, Int(upper) <= page.count, lower % 2 == 0
        else { return nil }
        var nodes: [Node] = []
        for index in 0..<(Int(lower) - 16) / 2 {
            guard let place = page.integer(at: 16 + 2 * index, as: UInt16.self), place >= upper,
                let node = node(at: Int(place), of: page, isBranch)
            else { return nil }
            nodes.append(node)
        }
        return nodes
    }

    private func node(at place: Int, of page: [UInt8], _ isBranch: Bool) -> Node? {
        guard let low = page.integer(at: place, as: UInt32.self),
            let flags = page.integer(at: place + 4, as: UInt16.self),
            let keyCount = page.integer(at: place + 6, as: UInt16.self)
        else { return nil }
        let data = place + 8 + Int(keyCount)
        let inPage = isBranch ? 0 : flags & Flag.big != 0 ? 8 : Int(low)
        guard inPage <= page.count, data <= page.count - inPage else { return nil }
        return Node(
            data: data, dataCount: Int(low), child: UInt64(low) | UInt64(flags) << 32, flags: flags,
            key: Array(page[place + 8..<data]))
    }

    private func isInOrder(_ keys: [[UInt8]]) -> Bool {
        zip(keys, keys.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) }
    }

    // MARK: Leaves

    private mutating func look(at node: Node, on page: [UInt8], _ what: String) {
        var bytes = page
        var data = node.data
        if node.flags & Flag.big != 0 {
            guard let first = page.integer(at: node.data, as: UInt64.self) else { return }
            let count = (UInt64(node.dataCount) + 16 + UInt64(header.pageSize) - 1) / UInt64(header.pageSize)
            guard use(first, count, "a value of \(what)") else { return }
            guard let long = try? file.bytes(at: first * UInt64(header.pageSize), count: 16),
                long.integer(at: 10, as: UInt16.self).map({ $0 & Flag.overflow != 0 }) == true,
                long.integer(at: 12, as: UInt32.self).map({ UInt64($0) == count }) == true
            else { return note("page \(first), a value of \(what), is none") }
            guard what == "the free list" else { return }
            guard let list = try? file.bytes(at: first * UInt64(header.pageSize) + 16, count: node.dataCount) else {
                return
            }
            (bytes, data) = (list, 0)
        }
        if what != "the free list", node.flags & (Flag.several | Flag.tree) == Flag.several {
            return lookAtSeveral(Array(bytes[data..<data + node.dataCount]), what)
        }
        if what == "the free list" {
            noteFree(bytes, from: data, byteCount: node.dataCount)
        } else if node.flags & Flag.tree != 0 {
            guard node.dataCount == DatabaseTree.byteCount, let tree = DatabaseTree(bytes, at: data),
                tree.isPossible(lastPage: header.lastPage),
                [0, DatabaseTree.severalValues].contains(tree.flags & DatabaseTree.orderFlags),
                case let root = tree.root
            else {
                return note("a table of \(what) does not fit together")
            }
            walk(root, "'\(String(decoding: node.key, as: UTF8.self))'", depth: 0, parent: nil)
        }
    }

    /// A few values of one key: a small page in place of a value, whose keys they are.
    private mutating func lookAtSeveral(_ page: [UInt8], _ what: String) {
        guard let flags = page.integer(at: 10, as: UInt16.self), flags & Flag.leaf != 0, flags & Flag.branch == 0,
            let nodes = nodes(of: page, false), !nodes.isEmpty,
            nodes.allSatisfy({ $0.flags == 0 && $0.dataCount == 0 }),
            isInOrder(nodes.map(\.key))
        else { return note("the values of a key of \(what) do not fit together") }
    }

    /// A list of free pages: how many, then each.
    private mutating func noteFree(_ bytes: [UInt8], from start: Int, byteCount: Int) {
        guard byteCount >= 8, let count = bytes.integer(at: start, as: UInt64.self), count <= UInt64(byteCount - 8) / 8
        else {
            return note("the free list does not fit together")
        }
        for index in 0..<Int(count) {
            guard let page = bytes.integer(at: start + 8 + 8 * index, as: UInt64.self) else { return }
            if !use(page, 1, "a free page") { return }
        }
    }
}

/// Rows by the parts of their names between slashes.
struct ListingTree {
    private let rows: [Listing.Row]
    private let details: [[String]]
    private let style: ByteStyle
    private let titles: [String]
    private var columns: Columns

    init(_ listing: Listing, style: ByteStyle) {
        rows = listing.rows.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        (details, titles, self.style) = (listing.details, listing.titles, style)
        columns = Columns(titles)
        if !rows.isEmpty { add(rows.indices, depth: 0, lead: "", isTop: true) }
    }

    func write(to output: Output) throws { if !rows.isEmpty { try columns.write(to: output) } }

    /// The rows of one folder; `depth` bytes of their names are its own.
    private mutating func add(_ range: Range<Int>, depth: Int, lead: String, isTop: Bool) {
        var start = range.lowerBound
        while start < range.upperBound {
            let part = Self.part(rows[start].name, depth)
            let end = part.isFolder ? end(of: part.bytes, from: start, in: range, depth) : start + 1
            let isLast = end == range.upperBound
            let branch = isTop ? "" : lead + (isLast ? "└─ " : "├─ ")
            let name = branch + Printable.line(String(decoding: part.bytes, as: UTF8.self))
            if part.isFolder {
                columns.add(folder(name, start..<end))
                let lead = isTop ? "" : lead + (isLast ? "   " : "│  ")
                add(start..<end, depth: depth + part.bytes.count, lead: lead, isTop: false)
            } else {
                columns.add([name] + details[rows[start].details])
            }
            start = end
        }
    }

    /// What follows the folder's own bytes, up to the next slash.
    private static func part(_ name: String, _ depth: Int) -> (bytes: [UInt8], isFolder: Bool) {
        let rest = Array(name.utf8.dropFirst(depth))
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")), slash + 1 < rest.count else { return (rest, false) }
        return (Array(rest[...slash]), true)
    }

    private func end(of part: [UInt8], from start: Int, in range: Range<Int>, _ depth: Int) -> Int {
        range[start...].first { place in
            let rest = rows[place].name.utf8.dropFirst(depth)
            return rest.count <= part.count || !rest.starts(with: part)
        } ?? range.upperBound
    }

    /// How many there are in it, and how large they are together.
    private func folder(_ name: String, _ range: Range<Int>) -> [String] {
        let size = rows[range].reduce(0) { $0 &+ $1.byteCount }
        let rest = [String](repeating: "", count: titles.count - 4)
        return [name, "folder", "\(range.count)", style.column(size)] + rest
    }
}

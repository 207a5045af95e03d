/// Rows by the parts of their names between slashes.
struct ListingTree {
    private let rows: [Listing.Row]
    private let style: ByteStyle
    private let titles: [String]
    /// Those of the rows, and of the folders.
    private var details: [[String]]
    private var lines: [ListingLines.Line] = []

    /// What stands before a folder's names, and how wide that is.
    private struct Lead {
        var text = ""
        var width = 0
        var isTop = true
    }

    init(_ listing: Listing, style: ByteStyle) {
        rows = listing.rows.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        (details, titles, self.style) = (listing.details, listing.titles, style)
        lines.reserveCapacity(rows.count)
        add(rows.indices, depth: 0, Lead())
    }

    func write(to output: Output) throws {
        if !rows.isEmpty { try ListingLines(titles: titles, details: details).write(lines, to: output) }
    }

    /// The rows of one folder; `depth` bytes of their names are its own.
    private mutating func add(_ range: Range<Int>, depth: Int, _ lead: Lead) {
        let inner = lead.text + "├─ "
        var start = range.lowerBound
        while start < range.upperBound {
            let name = rows[start].name
            let slash = NameBytes.folder(of: name, depth)
            let end = slash.map { self.end(of: depth..<$0, from: start, in: range) } ?? start + 1
            let isLast = end == range.upperBound
            let part = Printable.line(NameBytes.part(name, from: depth, to: slash))
            let width = lead.width + Printable.width(part)
            let branch = lead.isTop ? "" : isLast ? lead.text + "└─ " : inner
            let place = slash == nil ? rows[start].details : addFolder(start..<end)
            lines.append(ListingLines.Line(lead: branch, name: part, width: width, details: place))
            if let slash {
                let text = lead.isTop ? "" : lead.text + (isLast ? "   " : "│  ")
                add(start..<end, depth: slash, Lead(text: text, width: lead.width + 3, isTop: false))
            }
            start = end
        }
    }

    /// Up to where names have the same bytes at these places, and more: they stand together. O(log of how many there are).
    private func end(of part: Range<Int>, from start: Int, in range: Range<Int>) -> Int {
        func isWithin(_ place: Int) -> Bool {
            place < range.upperBound && NameBytes.areEqual(rows[place].name, rows[start].name, part)
        }
        var step = 1
        while isWithin(start + step) { step *= 2 }
        // The last that is known to be within, and the first that is known not to be.
        var (low, high) = (start + step / 2, start + step)
        while high - low > 1 {
            let middle = (low + high) / 2
            if isWithin(middle) { low = middle } else { high = middle }
        }
        return high
    }

    /// How many there are in it, and how large they are together.
    private mutating func addFolder(_ range: Range<Int>) -> Int {
        let size = rows[range].reduce(0) { $0 &+ $1.byteCount }
        let rest = [String](repeating: "", count: titles.count - 4)
        details.append(["folder", "\(range.count)", style.column(size)] + rest)
        return details.count - 1
    }
}

/// Places in names, counted in bytes of UTF-8.
private enum NameBytes {
    /// Behind the slash that ends the name of the folder which begins at `start`; nil if it is none.
    static func folder(of name: String, _ start: Int) -> Int? {
        let bytes = unsafe name.utf8.span.bytes
        for place in start..<max(bytes.byteCount - 1, start)
        where unsafe bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self) == UInt8(ascii: "/") { return place + 1 }
        return nil
    }

    /// Whether the name has the other's bytes at these places, and more behind them.
    static func areEqual(_ name: String, _ other: String, _ places: Range<Int>) -> Bool {
        let (bytes, others) = unsafe (name.utf8.span.bytes, other.utf8.span.bytes)
        guard bytes.byteCount > places.upperBound else { return false }
        return places.allSatisfy { place in
            unsafe bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self)
                == others.unsafeLoad(fromByteOffset: place, as: UInt8.self)
        }
    }

    static func part(_ name: String, from start: Int, to end: Int?) -> String {
        if start == 0, end == nil { return name }
        let bytes = name.utf8
        let first = bytes.index(bytes.startIndex, offsetBy: start)
        return String(name[first..<(end.map { bytes.index(bytes.startIndex, offsetBy: $0) } ?? bytes.endIndex)])
    }
}

/// Lines of a listing: a name, and columns, of which many lines have the same.
struct ListingLines {
    struct Line {
        /// What shows where in a tree the name is.
        var lead = ""
        var name: String
        /// Of both on a terminal.
        var width: Int
        /// Which of the details are its own.
        var details: Int
    }

    private let title: String
    private let titleRest: String
    /// Each line's end: the columns after the name, and a newline.
    private let rests: [String]

    /// - Parameter titles: of the name, and of all details.
    init(titles: [String], details: [[String]]) {
        title = titles[0]
        let all = [Array(titles.dropFirst())] + details
        let last = all[0].count - 1
        let widths = (0..<last).map { column in all.map { Printable.width($0[column]) }.max() ?? 0 }
        let texts = all.map { columns in
            var text = "  "
            for (column, width) in zip(columns, widths) { text += Printable.padded(column, to: width) + "  " }
            text += columns[last]
            while text.utf8.last == UInt8(ascii: " ") { text.removeLast() }
            return text
        }
        titleRest = texts[0]
        rests = texts.dropFirst().map { $0 + "\n" }
    }

    /// Under the titles. Goes through the lines twice.
    func write(_ lines: some Sequence<Line>, to output: Output) throws {
        let width = lines.reduce(title.count) { max($0, $1.width) }
        try output.line(Printable.padded(title, to: width) + titleRest)
        for line in lines {
            if !line.lead.isEmpty { try output.write(line.lead) }
            try output.write(line.name)
            try output.write(spaces: width - line.width)
            try output.write(rests[line.details])
        }
    }
}

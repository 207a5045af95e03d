import Foundation

/// A picture: a file's name, and what is in it.
struct Chart {
    let name: String
    let svg: String

    func write(in directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data(svg.utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name).svg"))
    }

    /// A chart for each group of rows.
    static func bars(_ results: [RowResult]) -> [Chart] {
        Dictionary(grouping: results, by: \.group).sorted { $0.key < $1.key }.map { group, rows in
            Chart(name: fileName(group), svg: BarChart(rows).svg)
        }
    }

    static func curve(_ result: CurveResult) -> Chart {
        Chart(name: fileName(result.id), svg: LineChart(result).svg)
    }

    private static func fileName(_ title: String) -> String {
        String(title.map { $0.isLetter || $0.isNumber ? $0 : "-" }).replacing("--", with: "-")
    }
}

/// What both kinds are drawn with.
enum Drawing {
    static let ours = "#b3401a"
    static let others = "#7d8a99"

    static func text(_ text: String, x: Double, y: Double, size: Int = 12, anchor: String = "start", bold: Bool = false)
        -> String
    {
        let escaped = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        return """
            <text x="\(x)" y="\(y)" font-size="\(size)" text-anchor="\(anchor)"\(bold ? " font-weight=\"bold\"" : "")>\(escaped)</text>
            """
    }

    static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String, dashed: Bool = false)
        -> String
    {
        """
        <line x1="\(x1)" y1="\(y1)" x2="\(x2)" y2="\(y2)" stroke="\(colour)"\(dashed ? " stroke-dasharray=\"4 4\"" : "")/>
        """
    }

    static func page(width: Double, height: Double, _ parts: [String]) -> String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" font-family="sans-serif">
        <rect width="100%" height="100%" fill="white"/>
        \(parts.joined(separator: "\n"))
        </svg>

        """
    }
}

/// Places on a logarithmic scale.
struct LogScale {
    let least: Double
    let most: Double
    let start: Double
    let end: Double

    /// Over whole powers of ten around the values, which are all above 0.
    init(_ values: [Double], from start: Double, to end: Double) {
        let (low, high) = (values.min() ?? 1, values.max() ?? 10)
        least = pow(10, log10(low).rounded(.down))
        most = max(pow(10, log10(high).rounded(.up)), least * 10)
        (self.start, self.end) = (start, end)
    }

    func place(_ value: Double) -> Double { start + (end - start) * log10(value / least) / log10(most / least) }

    var marks: [Double] {
        (0...Int(log10(most / least).rounded())).map { least * pow(10, Double($0)) }
    }
}

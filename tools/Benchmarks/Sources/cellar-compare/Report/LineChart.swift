/// A curve's points, and the power law that fits them, both axes logarithmic.
struct LineChart {
    private let result: CurveResult
    private static let (width, height) = (640.0, 420.0)

    init(_ result: CurveResult) { self.result = result }

    var svg: String {
        let points = result.points.filter { $0.median > 0 }
        let x = LogScale(points.map { Double($0.count) }, from: 80, to: Self.width - 30)
        let y = LogScale(points.map(\.median), from: Self.height - 50, to: 50)
        let exponent = result.exponent.map { ", exponent \(short($0))" } ?? ""
        var parts = [Drawing.text(result.id + exponent, x: 20, y: 26, size: 15, bold: true)]
        for mark in x.marks {
            parts.append(Drawing.line(x.place(mark), y.start, x.place(mark), y.end, "#dde2e8"))
            parts.append(Drawing.text("\(Int(mark))", x: x.place(mark), y: y.start + 18, size: 11, anchor: "middle"))
        }
        for mark in y.marks {
            parts.append(Drawing.line(x.start, y.place(mark), x.end, y.place(mark), "#dde2e8"))
            parts.append(
                Drawing.text(result.unit.text(mark), x: x.start - 6, y: y.place(mark) + 4, size: 11, anchor: "end"))
        }
        parts.append(Drawing.text(result.parameter, x: (x.start + x.end) / 2, y: Self.height - 12, anchor: "middle"))
        if let fit = Fit(points.map { (Double($0.count), $0.median) }), let first = points.first, let last = points.last
        {
            let ends = [first, last].map { (x.place(Double($0.count)), y.place(fit.figure(at: Double($0.count)))) }
            parts.append(Drawing.line(ends[0].0, ends[0].1, ends[1].0, ends[1].1, Drawing.others, dashed: true))
        }
        for point in points {
            parts.append(
                """
                <circle cx="\(x.place(Double(point.count)))" cy="\(y.place(point.median))" r="5" fill="\(Drawing.ours)"/>
                """)
            parts.append(
                Drawing.text(
                    result.unit.text(point.median), x: x.place(Double(point.count)), y: y.place(point.median) - 9,
                    size: 11, anchor: "middle"))
        }
        return Drawing.page(width: Self.width, height: Self.height, parts)
    }
}

import BenchmarkSupport

/// A figure of Cellar's for growing numbers of something.
struct Curve {
    let id: String
    let work: String
    let parameter: String
    let values: [Int]
    var parameters = ""
    var unit = Unit.nanoseconds
    /// The most that the exponent may be.
    var atMost: Double?

    func measured(in session: Session) -> CurveResult {
        let points = values.compactMap { value in
            session.figure(work, "\(parameter)=\(value) \(parameters)").map {
                CurveResult.Point(count: value, median: $0.median)
            }
        }
        return CurveResult(id: id, parameter: parameter, unit: unit, points: points, atMost: atMost)
    }
}

struct CurveResult: Codable {
    struct Point: Codable {
        let count: Int
        let median: Double
    }

    let id: String
    let parameter: String
    let unit: Unit
    let points: [Point]
    let exponent: Double?
    let atMost: Double?

    init(id: String, parameter: String, unit: Unit, points: [Point], atMost: Double?) {
        (self.id, self.parameter, self.unit, self.points, self.atMost) = (id, parameter, unit, points, atMost)
        exponent = Fit(points.map { (Double($0.count), $0.median) })?.exponent
    }

    var holds: Bool {
        guard let atMost else { return true }
        return exponent.map { $0 <= atMost } ?? false
    }

    static let heading =
        [pad("figure", 40), pad("exponent", 9), pad("bound", 16), "points"].joined(separator: " ")

    var line: String {
        let bound = atMost.map { "≤ \(short($0)) \(holds ? "holds" : "MISSED")" } ?? ""
        let points = points.map { "\($0.count): \(unit.text($0.median))" }.joined(separator: ", ")
        return [pad(id, 40), pad(exponent.map(short) ?? "–", 9), pad(bound, 16), points].joined(separator: " ")
    }
}

import Glibc

/// The power law that fits points best: least squares on a double logarithmic scale.
struct Fit {
    let exponent: Double
    /// The figure at 1.
    let factor: Double

    /// Nil for less than two different numbers, or where a figure is not above 0.
    init?(_ points: [(count: Double, figure: Double)]) {
        guard points.allSatisfy({ $0.count > 0 && $0.figure > 0 }) else { return nil }
        let logs = points.map { (log($0.count), log($0.figure)) }
        let n = Double(logs.count)
        let (x, y) = (logs.reduce(0) { $0 + $1.0 } / n, logs.reduce(0) { $0 + $1.1 } / n)
        let spread = logs.reduce(0) { $0 + ($1.0 - x) * ($1.0 - x) }
        guard spread > 0 else { return nil }
        exponent = logs.reduce(0) { $0 + ($1.0 - x) * ($1.1 - y) } / spread
        factor = exp(y - exponent * x)
    }

    func figure(at count: Double) -> Double { factor * pow(count, exponent) }
}

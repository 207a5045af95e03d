/// Figures of one piece of work, a round each.
public struct Samples: Sendable {
    public private(set) var values: [Double] = []

    public init(_ values: [Double] = []) { self.values = values }

    public mutating func add(_ value: Double) { values.append(value) }

    public var isEmpty: Bool { values.isEmpty }
    public var median: Double { quantile(0.5) }
    public var least: Double { values.min() ?? .nan }
    public var most: Double { values.max() ?? .nan }

    /// The sample that `share` of all are below.
    public func quantile(_ share: Double) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .nan }
        return sorted[min(Int(share * Double(sorted.count)), sorted.count - 1)]
    }
}

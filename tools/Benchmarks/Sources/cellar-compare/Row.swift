import Foundation

/// One piece of work, which Cellar and others do in turn.
struct Row {
    let id: String
    let work: String
    let parameters: String
    var unit = Unit.nanoseconds
    var opponents: [Opponent] = []
    var goals: [Goal] = []

    init(
        _ id: String, _ work: String, _ parameters: String = "", unit: Unit = .nanoseconds,
        beside opponents: [Opponent] = [],
        goals: [Goal] = []
    ) {
        (self.id, self.work, self.parameters, self.unit) = (id, work, parameters, unit)
        (self.opponents, self.goals) = (opponents, goals)
    }

    /// Which group it belongs to: what is before the first comma.
    var group: String { String(id.prefix { $0 != "," }) }

    /// On one processor that all share, and on two: the two differ tenfold.
    var onOneProcessorAndTwo: [Row] {
        [("one processor", "cpus=0,0"), ("two processors", "cpus=0,1")].map { title, processors in
            Row(
                "\(id), \(title)", work, "\(parameters) \(processors)", unit: unit, beside: opponents,
                goals: goals.filter { $0.on == nil || $0.on == title })
        }
    }
}

enum Unit: String, Codable {
    case nanoseconds, bytes

    func text(_ value: Double) -> String {
        let scales: [(Double, String)] =
            self == .nanoseconds
            ? [(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (0, "ns")]
            : [(1_048_576, "MiB"), (1024, "KiB"), (-.infinity, "B")]
        guard value.isFinite, let (factor, name) = scales.first(where: { value >= $0.0 }) else { return "–" }
        return "\(short(value / (factor > 0 ? factor : 1))) \(name)"
    }
}

/// Three digits, two of what is below a hundredth.
func short(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    guard value != 0 else { return "0" }
    let size = abs(value)
    let digits = size < 0.01 ? 1 - Int(log10(size).rounded(.down)) : size < 1 ? 3 : size < 10 ? 2 : size < 100 ? 1 : 0
    let scale = pow(10, Double(digits))
    let rounded = (value * scale).rounded() / scale
    return digits == 0 ? "\(Int(rounded))" : String(format: "%.\(digits)f", rounded)
}

/// Who does the same work.
struct Opponent {
    let program: Program
    var title: String
    /// Where theirs has another name.
    var work: String?
    var parameters = ""

    init(_ program: Program, _ title: String? = nil, work: String? = nil, _ parameters: String = "") {
        (self.program, self.work, self.parameters) = (program, work, parameters)
        self.title = title ?? program.title
    }
}

/// What is to be reached.
struct Goal {
    enum Kind {
        /// Our median by the opponent's of that title.
        case ratio(to: String)
        /// Our median.
        case figure
    }

    let kind: Kind
    let atMost: Double
    /// On which processors alone, where it matters.
    var on: String?

    static func ratio(_ title: String, _ atMost: Double, on: String? = nil) -> Goal {
        Goal(kind: .ratio(to: title), atMost: atMost, on: on)
    }
    static func ratio(_ program: Program, _ atMost: Double, on: String? = nil) -> Goal {
        .ratio(program.title, atMost, on: on)
    }
    static func figure(_ atMost: Double, on: String? = nil) -> Goal { Goal(kind: .figure, atMost: atMost, on: on) }
}

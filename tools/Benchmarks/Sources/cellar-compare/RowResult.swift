import BenchmarkSupport

/// What a row came to.
struct RowResult: Codable {
    struct Figure: Codable {
        let program: Program
        let title: String
        let samples: [Double]
        let median: Double?
        let least: Double?
        let most: Double?
        /// Cellar's figure by this one in the same round, the median of the rounds.
        let ratio: Double?
        /// Why there is no figure.
        let failure: String?
    }

    struct Verdict: Codable {
        let goal: String
        /// Beside whom, where it is a ratio to an opponent's figure.
        let opponent: String?
        let atMost: Double
        let value: Double?
        var holds: Bool? { value.map { $0 <= atMost } }

        enum CodingKeys: String, CodingKey { case goal, opponent, atMost, value }
    }

    let id: String
    let group: String
    let unit: Unit
    let parties: [Figure]
    let verdicts: [Verdict]

    init(_ row: Row, _ parties: [Party]) {
        (id, group, unit) = (row.id, row.group, row.unit)
        let ours = parties[0].samples
        let figures = parties.map { Figure($0, ours: ours) }
        self.parties = figures
        verdicts = row.goals.map { goal in
            switch goal.kind {
            case .ratio(let title):
                Verdict(
                    goal: "≤ \(short(goal.atMost))×", opponent: title, atMost: goal.atMost,
                    value: figures.first { $0.title == title }?.ratio)
            case .figure:
                Verdict(
                    goal: "≤ \(row.unit.text(goal.atMost))", opponent: nil, atMost: goal.atMost,
                    value: ours.isEmpty ? nil : ours.median)
            }
        }
    }

    var ours: Double? { parties[0].median }
}

extension RowResult.Figure {
    init(_ party: Party, ours: Samples) {
        let samples = party.samples
        program = party.opponent.program
        title = party.opponent.title
        self.samples = samples.values
        failure = party.failure
        (median, least, most) = samples.isEmpty ? (nil, nil, nil) : (samples.median, samples.least, samples.most)
        // Of neighbours in time: what slows a machine down for a while slows both down.
        let ratios = Samples(zip(ours.values, samples.values).map { $0 / $1 })
        ratio = ratios.isEmpty ? nil : ratios.median
    }
}

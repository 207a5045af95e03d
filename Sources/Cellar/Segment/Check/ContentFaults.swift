/// What is wrong with what a structure holds, and how much of it was looked at.
struct ContentFaults: Sendable {
    let name: String
    /// In words that begin with the structure's name.
    private(set) var texts: [String] = []
    /// How many elements or entries were looked at.
    var count = 0

    /// So many faults of a structure say enough.
    private static let most = 20
    var isEnough: Bool { texts.count >= Self.most }

    init(of name: String) { self.name = name }

    mutating func add(_ fault: String) {
        if !isEnough { texts.append("'\(name)' \(fault)") }
    }
}

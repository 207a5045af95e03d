/// What a work is told: `key=value` words in a line.
public struct Parameters: Sendable {
    private var values: [String: String] = [:]

    public init(_ words: some Sequence<Substring>) {
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1)
            values[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
    }

    public subscript(key: String) -> String? {
        get { values[key] }
        set { values[key] = newValue }
    }

    public func number(_ key: String, default fallback: Int) -> Int { values[key].flatMap { Int($0) } ?? fallback }

    /// Processors that participants are bound to, in turn; none where they may run anywhere.
    public var processors: [Int] { values["cpus"]?.split(separator: ",").compactMap { Int($0) } ?? [] }

    /// The words again, in one line.
    public var line: String { values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ") }
}

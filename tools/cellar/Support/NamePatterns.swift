import Cellar

/// Names that a person wrote, some of them patterns as of a shell: `*` stands for any characters, `/` among them, `?` for
/// one, `[ab]` for one of several.
struct NamePatterns {
    private let patterns: [String]
    private var isMatched: [Bool]

    /// No patterns match every name.
    init(_ patterns: [String]) {
        self.patterns = patterns
        isMatched = patterns.map { _ in false }
        if !patterns.isEmpty { SystemCall.useUnicode() }
    }

    /// A pattern also stands for the name that it is letter by letter.
    mutating func matches(_ name: String) -> Bool {
        if patterns.isEmpty { return true }
        var matches = false
        for (index, pattern) in patterns.enumerated() where pattern == name || SystemCall.matches(name, pattern) {
            isMatched[index] = true
            matches = true
        }
        return matches
    }

    /// Throws if there is a pattern that nothing matched.
    func requireMatches(in store: Store) throws {
        guard let index = isMatched.firstIndex(of: false) else { return }
        throw ToolError(
            .noInput,
            "nothing in the store '\(store.path)' matches '\(patterns[index])': 'cellar ls' lists what there is")
    }
}

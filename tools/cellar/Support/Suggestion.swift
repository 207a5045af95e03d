import Cellar

/// What somebody may have meant who wrote something else.
enum Suggestion {
    /// The candidate that is nearest to the word, if it is near: a slip or two, not another word.
    static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let limit = max(1, word.count / 3)
        let rated = candidates.lazy.map { ($0, distance(word, $0, atMost: limit)) }.filter { $0.1 <= limit }
        return rated.min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
    }

    /// `; did you mean 'speed'?` for a command line that names nothing in its store; empty if nothing is near.
    static func forNames(_ arguments: [String]) -> String {
        let words = arguments.dropFirst().filter { !$0.hasPrefix("-") }
        guard let path = words.first, let store = try? Store.open(path, .readOnly) else { return "" }
        defer { store.close() }
        let names = ((try? store.cells()) ?? []).map(\.name) + ((try? store.untypedTables()) ?? []).map(\.info.name)
        for word in words.dropFirst() where !names.contains(word) {
            let name = word.firstIndex(of: "[").map { String(word[..<$0]) } ?? word
            if let meant = nearest(to: name, among: names) { return "; did you mean '\(meant)'?" }
        }
        return ""
    }

    /// How many characters have to be changed, put in, left out or swapped with their neighbours (the restricted edit distance of
    /// Damerau and Levenshtein); `limit + 1` if more than that. O(n·m).
    private static func distance(_ one: String, _ other: String, atMost limit: Int) -> Int {
        let (a, b) = (Array(one.lowercased()), Array(other.lowercased()))
        guard abs(a.count - b.count) <= limit else { return limit + 1 }
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var least = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, rows[i - 1][j - 1] + 1) }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}

import Cellar

/// What the doctor says of one thing.
struct Finding {
    enum Level: String {
        case ok, warn, fail
    }

    var level: Level
    /// A short name that does not change.
    var name: String
    /// How it is.
    var text: String
    /// What to do about it.
    var advice: String?

    init(_ level: Level, _ name: String, _ text: String, _ advice: String? = nil) {
        self.level = level
        self.name = name
        self.text = text
        self.advice = advice
    }

    var lines: [String] {
        let first =
            "\(Printable.padded(level.rawValue, to: 4))  \(Printable.padded(name, to: 12))  \(Printable.line(text))"
        return [first] + (advice.map { [String(repeating: " ", count: 20) + Printable.line($0)] } ?? [])
    }

    var json: String {
        var line = JSONLine()
        line.add("level", level.rawValue)
        line.add("name", name)
        line.add("text", text)
        line.add("advice", json: advice.map { CellContent.escape($0) } ?? "null")
        return line.closed
    }
}

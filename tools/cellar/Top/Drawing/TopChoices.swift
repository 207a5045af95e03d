/// What who looks has chosen, with the keys pressed so far.
struct TopChoices {
    var panel = Panel.cells
    var filter = ""
    /// Whether keys are text of the filter.
    var isTyping = false
    var isPaused = false
    var showsHelp = false
    /// Rows of the panel that are above the first shown.
    var scroll = 0
    /// Rows that have place, and all that there are: as of the last frame.
    private(set) var page = 1
    private var rows = 0
    var interval: Duration
    private var sortings: [Panel: Int] = [:]

    static let intervals: [Duration] = [
        .milliseconds(100), .milliseconds(200), .milliseconds(500), .seconds(1), .seconds(2), .seconds(5), .seconds(10),
        .seconds(30), .seconds(60),
    ]

    init(interval: Duration = .seconds(1), filter: String = "") { (self.interval, self.filter) = (interval, filter) }

    var sorting: Int { sortings[panel] ?? 0 }

    /// Does what the key asks for; false if that is to end.
    mutating func press(_ key: Key) -> Bool {
        if isTyping {
            type(key)
            return true
        }
        if showsHelp {
            showsHelp = false
            return true
        }
        switch key {
        case .character("q"), .character("Q"): return false
        case .tab, .right: choose(panel.rawValue + 1)
        case .backTab, .left: choose(panel.rawValue - 1)
        case .up, .character("k"): scroll -= 1
        case .down, .character("j"): scroll += 1
        case .pageUp: scroll -= page
        case .pageDown, .character(" "): scroll += page
        case .home, .character("g"): scroll = 0
        case .end, .character("G"): scroll = rows
        case .escape: (filter, scroll) = ("", 0)
        case .character(let character): press(character)
        case .enter, .backspace: break
        }
        settle(rows: rows, page: page)
        return true
    }

    private mutating func press(_ character: Character) {
        switch character {
        case "1"..."9":
            if let number = character.wholeNumberValue, number <= Panel.allCases.count { choose(number - 1) }
        case "s": if !panel.sortings.isEmpty { sortings[panel] = (sorting + 1) % panel.sortings.count }
        case "/": isTyping = true
        case "p": isPaused.toggle()
        case "+": interval = Self.intervals.first { $0 > interval } ?? interval
        case "-": interval = Self.intervals.last { $0 < interval } ?? interval
        case "h", "?": showsHelp = true
        default: break
        }
    }

    private mutating func choose(_ number: Int) {
        let count = Panel.allCases.count
        panel = Panel.allCases[(number + count) % count]
        scroll = 0
    }

    private mutating func type(_ key: Key) {
        switch key {
        case .character(let character): filter.append(character)
        case .backspace: if !filter.isEmpty { filter.removeLast() }
        case .enter: isTyping = false
        case .escape: (filter, isTyping) = ("", false)
        default: isTyping = false
        }
        scroll = 0
    }

    /// There are so many rows, and place for so many: no further than to where the last row is the last line.
    mutating func settle(rows: Int, page: Int) {
        (self.rows, self.page) = (rows, page)
        scroll = max(min(scroll, rows - page), 0)
    }
}

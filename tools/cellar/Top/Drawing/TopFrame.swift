/// Makes the lines of a screen out of a sample and what was chosen.
struct TopFrame {
    let sample: Sample
    let size: Terminal.Size
    private let table: PanelTable

    init(_ sample: Sample, _ choices: TopChoices, _ size: Terminal.Size) {
        (self.sample, self.size) = (sample, size)
        table = choices.panel.table(sample, sorting: choices.sorting, filter: choices.filter)
    }

    /// The heading, the panels, the titles of the columns; and what the keys do.
    private var linesBeside: Int { 4 + (sample.problems.isEmpty ? 0 : 1) }

    /// Corrects what was chosen by what there is.
    func settle(_ choices: inout TopChoices) {
        choices.settle(rows: table.count, page: max(size.rows - linesBeside, 1))
    }

    /// All lines, from the top to the bottom of the screen.
    func lines(_ choices: TopChoices) -> [StyledLine] {
        var lines = [heading(choices), panels(choices)]
        if let problem = sample.problems.first { lines.append(StyledLine("cannot be read: " + problem, .bad)) }
        lines += choices.showsHelp ? Self.help.map { StyledLine($0) } : body(choices)
        if lines.count >= size.rows { lines.removeLast(lines.count - size.rows + 1) }
        lines += [StyledLine](repeating: StyledLine(), count: max(size.rows - 1 - lines.count, 0))
        return (lines + [footer(choices)]).suffix(max(size.rows, 1)).map { $0.cut(to: size.columns) }
    }

    // MARK: Parts

    private func heading(_ choices: TopChoices) -> StyledLine {
        var parts = choices.isPaused ? ["PAUSED"] : []
        if let figures = sample.figures {
            parts.append(
                figures.segment.map { HumanUnits.bytes($0.size) + " in memory" } ?? "no segment in memory")
            parts.append(HumanUnits.bytes(figures.diskBytes) + " on disk")
        }
        parts.append(Printable.counted(sample.cells.count, "cell"))
        let alive = sample.processes.count { $0.isAlive }
        parts.append("\(alive) process\(alive == 1 ? "" : "es")")
        if let uptime = sample.uptime { parts.append("up " + HumanUnits.duration(uptime)) }
        // A long path gives way to what is after it, down to its end.
        let rest = parts.joined(separator: "  ")
        let place = max(size.columns - TextWidth.of(rest) - 2, 12)
        let path = TextWidth.cutStart(Printable.line(sample.path), to: place)
        return StyledLine("\(path)  \(rest)", .reversed).filled(to: size.columns)
    }

    private func panels(_ choices: TopChoices) -> StyledLine {
        var line = StyledLine()
        for panel in Panel.allCases {
            line.add(" \(panel.rawValue + 1) \(panel.title) ", panel == choices.panel ? .reversed : .plain)
        }
        if choices.isTyping {
            line.add("  filter: \(choices.filter)_", .accent)
        } else if !choices.filter.isEmpty {
            line.add("  filter: \(choices.filter)", .accent)
        }
        return line
    }

    private func body(_ choices: TopChoices) -> [StyledLine] {
        if table.count == 0 { return [StyledLine(), StyledLine(empty(choices), .dim)] }
        let first = min(choices.scroll, table.count - 1)
        let (heading, rows) = table.lines(first..<min(first + choices.page, table.count), width: size.columns)
        return [heading] + rows
    }

    private func empty(_ choices: TopChoices) -> String {
        if !choices.filter.isEmpty { return "nothing has '\(choices.filter)' in its name" }
        if ![.cells, .tables].contains(choices.panel), !sample.hasSegment { return "no segment in memory" }
        return "no \(choices.panel.title.lowercased())"
    }

    private func footer(_ choices: TopChoices) -> StyledLine {
        if choices.isTyping { return StyledLine("Enter keeps the filter, Esc takes it away", .dim) }
        let sortings = choices.panel.sortings
        let order = sortings.isEmpty ? "" : " (by \(sortings[choices.sorting]))"
        return StyledLine(
            "q quit  Tab panel  s sort\(order)  / filter  p pause  +- every \(PanelText.duration(choices.interval))  ? help",
            .dim)
    }

    private static let help = [
        "",
        "  q             quit",
        "  Tab, 1 to 6   another panel: cells, queues, processes, locks, memory, tables",
        "  j k, arrows   down and up; Page Down and Page Up; g and G to the ends",
        "  s             sort by something else",
        "  /             show only what has a text in its name; Esc takes that away",
        "  p             pause, and go on",
        "  + -           look less often, more often",
        "",
        "  Changes a second are counted where a value of more than 8 bytes is stored, and",
        "  where something is put into a queue, log or list. Smaller values, arrays and",
        "  dictionaries are compared many times a second: '≥' stands where there may be more.",
        "  Of tables it is told by how many entries they grow or shrink; one that takes the",
        "  place of another is not seen.",
        "",
        "  Any key goes back.",
    ]
}

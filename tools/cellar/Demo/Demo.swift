import Cellar

/// The demo from its beginning to its verdict.
struct Demo {
    let input: DemoInput
    let place: DemoPlace
    let seconds: Double
    private let output = Output()

    init(input: DemoInput, place: DemoPlace, seconds: Double) {
        self.input = input
        self.place = place
        self.seconds = seconds
    }

    /// Whether all totals are equal.
    func run() throws -> Bool {
        try say(
            "counting \(Printable.counted(input.files.count, "file")), \(Printable.counted(input.total, "byte")), in "
                + "\(DemoCells.workers) processes that share the store \(place.storePath)")
        try count()
        try Store.discardSegment(of: place.storePath)
        try say("\ndropped the shared memory, as a restart of the machine would; what the disk brings back:\n")
        let comparison = try reopen()
        try say("\ncompared with a count by one process alone:\n")
        try comparison.write(to: output)
        let differences = comparison.differences.count
        let all = DemoTotal.all.count
        try say(differences == 0 ? "\nall \(all) totals equal" : "\n\(differences) of \(all) totals differ")
        if let farewell = place.farewell { try say(farewell) }
        return differences == 0
    }

    // MARK: Counting

    private func count() throws {
        var options = Store.Options()
        options.processName = "cellar demo"
        let store = try Store.open(place.storePath, options)
        defer { store.close() }
        let cells = try prepare(store)
        var workforce = Workforce(cells: cells)
        defer { workforce.end() }
        try workforce.start(storePath: place.storePath)
        try watch(&workforce, cells, store)
        workforce.end(after: .seconds(5))
        try store.sync()
    }

    /// Makes the cells and puts the work into them.
    private func prepare(_ store: Store) throws -> DemoCells {
        let pace = DemoPace(total: input.total, seconds: seconds)
        let pieces = input.pieces(of: pace.piece)
        let cells = try DemoCells(in: store, files: input.files.count, pieces: pieces.count, pace: pace)
        try cells.files.write(input.files.map { DemoCells.Path(truncating: $0.path) })
        try cells.pieces.write(pieces)
        return cells
    }

    /// Until all is counted: shows the progress, kills a worker half way, sees to workers that died by themselves.
    private func watch(_ workforce: inout Workforce, _ cells: DemoCells, _ store: Store) throws {
        var display = ProgressDisplay(output: output)
        while !cells.isDone {
            try TerminatingSignals.sleep(.milliseconds(30))
            for news in try workforce.collect() { try display.say(news) }
            if !cells.isDone, workforce.running.isEmpty {
                try display.end()
                throw ToolError(.inputOutput, "all workers ended before the work was done")
            }
            try display.show(state(cells, store))
            if cells.progressed >= cells.barrier.load(), let victim = try workforce.killOne() {
                try display.say(
                    "half way: killed worker \(victim.number) (pid \(victim.processID)) with SIGKILL; "
                        + "the others finish its share")
                cells.barrier.store(.max)
            }
        }
        var last = state(cells, store)
        last.alive = nil
        try display.show(last)
        try display.end()
    }

    /// All of it read from the store.
    private func state(_ cells: DemoCells, _ store: Store) -> ProgressDisplay.State {
        let workers = store.attachments().filter { $0.isAlive && $0.name.hasPrefix(DemoWorker.processNamePrefix) }
        return ProgressDisplay.State(
            done: cells.progressed, total: input.total, words: cells.words.load(), alive: workers.count)
    }

    // MARK: Checking

    /// Opens the store again, shows what it has, and counts for comparison.
    private func reopen() throws -> Comparison {
        let store = try Store.open(place.storePath)
        defer { store.close() }
        let unreadable = Unreadable()
        let contents = try StoreContents(of: store, matching: [], unreadable)
        try Dump(store: store, contents: contents, unreadable: unreadable, isWhole: false).writeText(to: output)
        try unreadable.finish()
        try output.flush()
        return Comparison(stored: try DemoTotal.stored(in: store), recounted: try Recount.totals(of: input))
    }

    private func say(_ text: String) throws {
        try TerminatingSignals.check()
        try output.line(text)
        try output.flush()
    }
}

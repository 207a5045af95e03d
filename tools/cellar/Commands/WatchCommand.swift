import ArgumentParser
import Cellar
import Glibc

struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Prints what there is, and then each change as it comes.",
        discussion: """
            A line for each cell, and one more each time that it is another: 'name = value', or with --json an object with \
            name and value. Of a whole array the lines tell which elements may have changed, with --json as a list of \
            [first, end) under the name 'changed'. What changes twice between two looks, 1 to 50 ms apart, is one change; \
            the last one is never missed. Watching leaves no trace and costs the programs that write nothing.

            Of a dictionary or a table first how many entries it has, then a line for each entry that is set, \
            'name[key] = value', or removed; of a multimap 'name[key] + value' and '- value'. A copy of all entries is kept \
            to compare with. Of NAME[KEY] only that key.

            Of a queue, a line for each time that other numbers of items are in its states; of a log, one for each entry that comes; \
            of a list, a block, a pipe, a lock or a signal, one for each time that it is another. These, and dictionaries, are \
            looked at each 1 to 50 ms: what is undone between two looks is not seen.

            It goes on when all processes of the store have ended, and when its memory is made anew, as after 'discard'. Then \
            what is other than was shown last comes as a change, and of a whole array every element. What is volatile is removed then.

            Ends when it is interrupted or after --count lines, with the status 0; with 66 when something is removed, or the store.

              cellar watch robot.cellar speed pose
              cellar watch robot.cellar 'sound[0..<4]' --count 10 --json
              cellar watch robot.cellar seen 'users[alice]'
              cellar watch robot.cellar pose.x jobs door
            """)

    @OptionGroup var store: StoreArgument
    @Argument(
        help: "NAME, NAME[3], NAME[0..<10] or NAME[0...9]; NAME.field; NAME[KEY] of a dictionary or table.",
        completion: Completions.name)
    var names: [String]
    @Option(help: "Ends after so many lines.") var count: Int?
    @Flag(help: "One JSON object a line.") var json = false

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count takes a number from 1 on, not \(count)") }
        if names.isEmpty { throw ValidationError("Say what to watch") }
    }

    func run() throws {
        TerminatingSignals.block()
        do {
            try watch(Output())
        } catch let ended as EndedBySignal {
            // That is how a watch is ended by hand.
            if ended.signal != SIGINT { throw ended }
        }
    }

    private func watch(_ output: Output) throws {
        var store = try store.look()
        defer { store.close() }
        var files = StoreFiles(of: store)
        var watched = try names.map { try Self.watched($0, in: store) }
        var left = count ?? .max
        var pause: Duration = .milliseconds(1)
        let clock = ContinuousClock()
        while true {
            let start = clock.now
            var isChanged = false
            for index in watched.indices {
                for line in try watched[index].changes(json: json) {
                    try output.line(line)
                    isChanged = true
                    left -= 1
                    if left == 0 { return try output.flush() }
                }
            }
            try output.flush()
            // What only the disk has is looked for anew: somebody may have brought it into memory meanwhile.
            if files.again != files || watched.contains(where: { !$0.isInMemory }) {
                // First closed: two that are open at one time share what they have.
                store.close()
                store = try self.store.look()
                let before = files
                files = StoreFiles(of: store)
                for index in watched.indices { try watched[index].find(in: store, isAnew: files != before) }
            }
            pause = isChanged ? .milliseconds(1) : min(pause * 2, .milliseconds(50))
            // Looking at what is large takes a tenth of a processor at most.
            try TerminatingSignals.sleep(max(pause, (clock.now - start) * 10))
        }
    }

    /// A name that is all of the text comes first; then one with a key in brackets; then cells and their elements.
    private static func watched(_ text: String, in store: Store) throws -> any Watched {
        if let source = try EntrySource(text, in: store) { return WatchedEntries(source) }
        if let state = try WatchedState(text, in: store) { return state }
        if let (source, key) = try EntrySource.entry(text, in: store) { return WatchedKey(source, key) }
        return try WatchedCell(text, in: store)
    }
}

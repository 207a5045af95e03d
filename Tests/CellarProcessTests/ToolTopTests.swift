import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// `cellar top` on a real terminal: keys in, screen out.
    @Suite struct ToolTopTests {
        private static let tool = Worker.buildDirectory + "/cellar"

        /// What the screen shows first, and nothing else does.
        private static let footer = "q quit"

        private func withTop(
            _ scratch: ScratchStore, columns: Int = 100, rows: Int = 30, interval: String = "100ms",
            environment: String = "",
            _ body: (TestTerminal) throws -> Void
        ) throws {
            try TestTerminal.with(
                in: scratch.directory, columns: columns, rows: rows, environment: environment
            ) { terminal in
                terminal.enter("ulimit -c 0; echo before-$((40 + 2))")
                try terminal.wait(for: "before-42")
                let command =
                    "echo $$ > \(scratch.directory)/pid; exec \(Self.tool) top \(scratch.path) --interval \(interval)"
                terminal.enter("sh -c '\(command)'; echo status=$?")
                try terminal.wait(for: Self.footer)
                try body(terminal)
            }
        }

        /// The row with the name, without blanks more than one.
        private func row(_ name: String, _ lines: [String]) -> [Substring]? {
            lines.lazy.map { $0.split(separator: " ") }.first { $0.first == Substring(name) }
        }

        // MARK: What it shows

        @Test func panelsByKeys() throws {
            try withScratchStore { scratch in
                let store = try scratch.open { $0.processName = "sitter" }
                _ = try store.value("hits", initial: 7)
                let jobs = try store.queue("jobs", of: Int.self, options: QueueOptions(capacity: 8))
                for number in 1...3 { try jobs.put(number) }
                let gate = try store.semaphore("gate", count: 1)
                try gate.acquire()
                try withTop(scratch) { terminal in
                    try terminal.wait(for: "a cell") { row("hits", $0)?.prefix(5) == ["hits", "0", "value", "8", "B"] }
                    terminal.press("2")
                    try terminal.wait(for: "a queue's depth") {
                        row("jobs", $0)?.prefix(5) == ["jobs", "3", "0", "0", "0"]
                    }
                    terminal.press("3")
                    let pid = "\(getpid())"
                    try terminal.wait(for: "a process") {
                        row(pid, $0)?.prefix(3) == [Substring(pid), "sitter", "alive"]
                    }
                    terminal.press("4")
                    try terminal.wait(for: "who holds a lock") { lines in
                        lines.contains { $0.hasPrefix("gate") && $0.contains("sitter (\(pid))") }
                    }
                    terminal.press("5")
                    try terminal.wait(for: "in use")
                    terminal.press("Tab")
                    try terminal.wait(for: "no tables")
                    terminal.press("Tab")
                    try terminal.wait(for: "CHANGES/S")
                    terminal.press("?")
                    try terminal.wait(for: "Any key goes back.")
                    terminal.press("x", "p")
                    try terminal.wait(for: "PAUSED")
                    try jobs.put(4)
                    terminal.press("2", "p")
                    try terminal.wait(for: "no pause") { lines in
                        row("jobs", lines)?[1] == "4" && !lines[0].contains("PAUSED")
                    }
                }
                try gate.release()
            }
        }

        /// What changes comes first, with how often; and where it rests again, nothing.
        @Test func ratesAndSorting() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                _ = try store.value("aaa", initial: 1)
                let word = try store.value("mmm", initial: 1)
                let triple = try store.value("zzz", initial: Triple(0))
                func order(_ lines: [String]) -> [String] {
                    lines.compactMap { ["aaa", "mmm", "zzz"].contains($0.prefix(3)) ? String($0.prefix(3)) : nil }
                }
                try withTop(scratch) { terminal in
                    try terminal.wait(for: "the order of names") { order($0) == ["aaa", "mmm", "zzz"] }
                    try terminal.wait(for: "what is stored most often first") { lines in
                        for number in 0..<500 { try triple.store(Triple(number)) }
                        word.add(1)
                        guard let fast = row("zzz", lines), row("aaa", lines)?[1] == "0" else { return false }
                        return order(lines) == ["zzz", "mmm", "aaa"] && fast[1].contains(",")
                    }
                    terminal.press("s")
                    try terminal.wait(for: "by name") { lines in
                        order(lines) == ["aaa", "mmm", "zzz"] && lines.contains { $0.contains("(by name)") }
                    }
                    try terminal.wait(for: "rest") { row("zzz", $0)?[1] == "0" && row("mmm", $0)?[1] == "0" }
                }
            }
        }

        /// Of each kind that changes, in the way in which programs change it.
        @Test func kindsThatChange() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let array = try store.array("array", of: Double.self, count: 300_000)
                let dictionary = try store.dictionary("dictionary", keys: Int.self, values: Int.self)
                try dictionary.set(0, for: 1)
                let list = try store.list("list", of: Int.self, capacity: 100_000)
                let log = try store.log("log", of: Int.self)
                let queue = try store.queue("queue", of: Int.self)
                let names = ["array", "dictionary", "list", "log", "queue"]
                try withTop(scratch) { terminal in
                    var number = 0
                    try terminal.wait(for: "all to change") { lines in
                        number += 1
                        for index in stride(from: 0, to: array.count, by: 1000) { array[index] = Double(number) }
                        try dictionary.set(number, for: 1)
                        try list.append(number)
                        try log.append(number)
                        try queue.put(number)
                        _ = try queue.get()
                        return names.allSatisfy { row($0, lines).map { $0[1] != "0" && $0[1] != "-" } == true }
                    }
                    try terminal.wait(for: "rest") { lines in names.allSatisfy { row($0, lines)?[1] == "0" } }
                }
            }
        }

        /// How many entries tables have, and by how many they grow and shrink; with and without a segment.
        @Test func tables() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let users = try store.table("users", keys: Int.self, values: Int.self)
                let tags = try store.multimap("tags", keys: Int.self, values: Int.self)
                for number in 0..<1000 { try users.set(number, for: number) }
                try tags.insert(1, for: 1)
                try withTop(scratch, columns: 120) { terminal in
                    terminal.press("6")
                    try terminal.wait(for: "the larger first") { lines in
                        lines[3].hasPrefix("users") && row("users", lines)?[1] == "1,000"
                            && row("tags", lines)?.contains("multimap") == true
                    }
                    var number = 1000
                    try terminal.wait(for: "growth") { lines in
                        number += 1
                        try users.set(number, for: number)
                        return row("users", lines).map { $0[4].hasPrefix("+") } == true && row("tags", lines)?[4] == "0"
                    }
                    try terminal.wait(for: "shrinking") { lines in
                        number -= 1
                        try users.remove(number)
                        return row("users", lines).map { $0[4].hasPrefix("-") } == true
                    }
                    try store.removeTable("users")
                    try terminal.wait(for: "one that is left") { row("users", $0) == nil && row("tags", $0) != nil }
                    scratch.closeAll()
                    try Store.discardSegment(of: scratch.path)
                    try terminal.wait(for: "no segment in memory")
                    #expect(row("tags", terminal.lines)?[1] == "1")
                }
                let json = try scratch.tool("top", scratch.path, "--json", "--interval", "50ms")
                let start =
                    #""tables": [{"name": "tags", "kind": "multimap", "type": "int64: int64", "count": 1, "bytes": 4096, "#
                #expect(json.contains(start + #""growth_per_second": 0.0}]"#), "\(json)")
            }
        }

        @Test func filterAndScroll() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                for number in 100..<160 { _ = try store.value("arm/\(number)", initial: number) }
                _ = try store.value("leg/1", initial: 1)
                try withTop(scratch) { terminal in
                    try terminal.wait(for: "arm/100")
                    terminal.press("G")
                    try terminal.wait(for: "the end") { row("leg/1", $0) != nil && row("arm/100", $0) == nil }
                    terminal.press("k")
                    try terminal.wait(for: "one line up") { row("leg/1", $0) == nil && row("arm/159", $0) != nil }
                    terminal.press("/")
                    terminal.type("LEGq")
                    try terminal.wait(for: "nothing has 'LEGq' in its name")
                    terminal.press("BSpace", "Enter")
                    try terminal.wait(for: "only the leg") { row("leg/1", $0) != nil && row("arm/159", $0) == nil }
                    terminal.press("Escape")
                    try terminal.wait(for: "all again") { row("arm/100", $0) != nil }
                }
            }
        }

        @Test func resizing() throws {
            try withScratchStore { scratch in
                _ = try scratch.open().value("hits", initial: 7)
                // It is drawn anew at once, and not with the next sample.
                try withTop(scratch, interval: "1h") { terminal in
                    for (columns, rows) in [(60, 12), (140, 40), (100, 30)] {
                        terminal.resize(columns: columns, rows: rows)
                        try terminal.wait(for: "\(columns) × \(rows)") { lines in
                            lines.count == rows && lines.last?.hasPrefix(Self.footer) == true
                                && lines.contains { $0.contains("TYPE") } == (columns > 100)
                                && lines.count { $0.contains("CHANGES/S") } == 1 && row("hits", lines) != nil
                        }
                    }
                }
            }
        }

        // MARK: How it ends

        @Test(arguments: ["q", "C-c", "TERM", "HUP", "QUIT"]) func givesTheTerminalBack(how: String) throws {
            try withScratchStore { scratch in
                _ = try scratch.open().value("hits", initial: 7)
                try withTop(scratch) { terminal in
                    #expect(terminal.state("alternate_on") == "1")
                    #expect(terminal.state("cursor_flag") == "0")
                    #expect(!terminal.lines.contains { $0.contains(TestTerminal.prompt) })
                    let numbers = ["TERM": SIGTERM, "HUP": SIGHUP, "QUIT": SIGQUIT]
                    if let number = numbers[how] {
                        let process = try #require(pid_t(Files.text(scratch.directory + "/pid").filter(\.isNumber)))
                        kill(process, number)
                    } else {
                        terminal.press(how)
                    }
                    try terminal.wait(for: "status=\(numbers[how].map { 128 + $0 } ?? 0)")
                    try expectCooked(terminal)
                }
            }
        }

        /// The shell's screen is back, with what was on it; the cursor is there; lines are edited and shown.
        private func expectCooked(_ terminal: TestTerminal) throws {
            #expect(terminal.lines.contains("before-42"))
            #expect(terminal.state("alternate_on") == "0")
            #expect(terminal.state("cursor_flag") == "1")
            #expect(terminal.state("wrap_flag") == "1")
            terminal.enter("stty -a | grep -o ' -\\?icanon\\| -\\?echo \\| -\\?ixon'; echo checked")
            try terminal.wait(for: "settings") { $0.contains("checked") }
            let lines = terminal.lines.map { $0.filter { $0 != " " } }
            for setting in ["icanon", "echo", "ixon"] {
                #expect(lines.contains(setting) && !lines.contains("-" + setting), "\(setting)")
            }
        }

        /// Stopped by Ctrl-Z, it leaves the terminal to the shell, and takes it again when it goes on.
        @Test func stoppingAndGoingOn() throws {
            try withScratchStore { scratch in
                _ = try scratch.open().value("hits", initial: 7)
                try withTop(scratch) { terminal in
                    terminal.press("C-z")
                    try terminal.wait(for: "the shell") {
                        ($0.last { !$0.isEmpty } ?? "").hasPrefix(TestTerminal.prompt)
                    }
                    try expectCooked(terminal)
                    terminal.enter("fg")
                    try terminal.wait(for: Self.footer)
                    #expect(terminal.state("alternate_on") == "1")
                    terminal.press("q")
                    try terminal.wait(for: "the shell") {
                        ($0.last { !$0.isEmpty } ?? "").hasPrefix(TestTerminal.prompt)
                    }
                    try expectCooked(terminal)
                }
            }
        }

        // MARK: What becomes of the store

        @Test func goesOnWithoutProcesses() throws {
            try withScratchStore { scratch in
                _ = try scratch.open().value("first", initial: 7)
                try withTop(scratch) { terminal in
                    try terminal.wait(for: "first")
                    scratch.closeAll()
                    try terminal.wait(for: " 0 processes")
                    try Store.discardSegment(of: scratch.path)
                    try terminal.wait(for: "no segment in memory")
                    let store = try scratch.open()
                    let second = try store.value("second", initial: Triple(1))
                    try terminal.wait(for: "the new segment") { lines in
                        for number in 0..<50 { try second.store(Triple(number)) }
                        return row("second", lines).map { $0[1] != "0" && $0[1] != "-" } == true
                    }
                    scratch.closeAll()
                    try Store.remove(scratch.path)
                    try terminal.wait(for: "status=66")
                    try terminal.wait(for: "cellar: ")
                    try expectCooked(terminal)
                }
            }
        }

        // MARK: Colours and files

        @Test func colours() throws {
            try withScratchStore { scratch in
                let triple = try scratch.open().value("busy", initial: Triple(0))
                for environment in ["", "NO_COLOR=1"] {
                    try withTop(scratch, environment: environment) { terminal in
                        try terminal.wait(for: "a rate") { lines in
                            try triple.store(Triple(.random(in: 0..<100)))
                            return row("busy", lines).map { $0[1] != "0" && $0[1] != "-" } == true
                        }
                        let codes = try terminal.styledText.matches(of: Regex("\u{1B}\\[[0-9;]*m")).map { String($0.0) }
                        let coloured = codes.contains { $0.contains("32m") }
                        #expect(coloured == environment.isEmpty, "\(codes)")
                    }
                }
            }
        }

        /// A file gets lines without a single escape sequence, and so does a terminal that cannot move its cursor.
        @Test func plainLines() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                _ = try store.value("hits", initial: 7)
                let run = try Tool.run("top", scratch.path, "--interval", "50ms", in: scratch.directory)
                #expect(run.status == 0 && run.errors.isEmpty)
                #expect(!run.output.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
                #expect(
                    run.output.contains(
                        "\nCells\nNAME  CHANGES/S  KIND   SIZE  TYPE\nhits  0          value  8 B   int64\n"))
                #expect(run.output.contains("\nMemory\n") && !run.output.contains("\nQueues\n"))
                try TestTerminal.with(in: scratch.directory, environment: "TERM=dumb") { terminal in
                    terminal.enter("\(Self.tool) top \(scratch.path) --interval 50ms; echo status=$?")
                    try terminal.wait(for: "status=0")
                    #expect(terminal.lines.contains("Memory"))
                }
            }
        }

        @Test func linesForPrograms() throws {
            try withScratchStore { scratch in
                let store = try scratch.open { $0.processName = "sitter" }
                _ = try store.value("hits", initial: 7)
                let other = try store.queue("jobs", of: Int.self, options: QueueOptions(capacity: 8))
                try other.put(5)
                let run = try Tool.run(
                    "top", scratch.path, "--json", "--count", "2", "--interval", "50ms", in: scratch.directory)
                let lines = run.output.split(separator: "\n")
                #expect(run.status == 0 && lines.count == 2)
                for line in lines {
                    #expect(
                        line.contains("{\"name\": \"hits\", \"kind\": \"value\", \"type\": \"int64\", \"bytes\": 8,"))
                    #expect(line.contains("{\"name\": \"jobs\", \"capacity\": 8, \"ready\": 1,"))
                    #expect(line.contains("{\"pid\": \(getpid()), \"name\": \"sitter\","))
                }
                let filtered = try Tool.run(
                    "top", scratch.path, "--json", "--filter", "JOB", "--interval", "50ms", in: scratch.directory)
                #expect(filtered.output.contains("\"jobs\"") && !filtered.output.contains("\"hits\""))
                for wrong in [["--count", "0"], ["--interval", "1ms"], ["--rows", "0"]] {
                    let run = try Tool.run(
                        (["top", scratch.path] + wrong).map { Array($0.utf8) }, in: scratch.directory)
                    #expect(run.status == 64)
                }
                #expect(try Tool.run("top", scratch.directory + "/none", in: scratch.directory).status == 66)
            }
        }

        /// Looking changes no byte of the store, on disk or in memory.
        @Test func changesNothing() throws {
            try withScratchStore { scratch in
                let store = try scratch.openQuiet()
                _ = try store.value("hits", initial: 7)
                _ = try store.array("steps", of: Int.self, count: 200_000)
                try store.queue("jobs", of: Int.self).put(3)
                let identity = try store.statistics().identity
                try store.sync()
                scratch.closeAll()
                let paths = ["/data.mdb", "/lock.mdb"].map { scratch.path + $0 } + [Files.segmentPath(identity)]
                let (before, names) = (paths.map { Files.read($0) }, Files.names(scratch.path))
                try withTop(scratch) { terminal in
                    try terminal.wait(for: "steps")
                    for key in ["2", "3", "4", "5"] { terminal.press(key) }
                    try terminal.wait(for: "in use")
                    terminal.press("q")
                    try terminal.wait(for: "status=0")
                }
                #expect(paths.map { Files.read($0) } == before)
                #expect(Files.names(scratch.path) == names)
            }
        }
    }
}

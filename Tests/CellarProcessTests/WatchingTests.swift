import CellarTestSupport
import Glibc
import Testing

@testable import Cellar

extension ProcessTests {
    /// Waiting for changes that other processes make.
    @Suite struct Watching {
        /// Four writers without a pause; tasks and threads that watch come to the last value of all, none is missed.
        @Test func everyWatcherComesToTheLastValue() throws {
            try withScratchStore(seconds: 120) { scratch in
                let counter = try scratch.open().value("counter", initial: 0)
                let watchers = try ["watch", "wait", "watch"].map { try scratch.worker($0, 400_000) }
                let writers = try (0..<4).map { _ in try scratch.worker("add", "counter", 100_000) }
                for worker in watchers + writers { try worker.expect("ready") }
                for writer in writers { writer.send() }
                for worker in watchers { try worker.expect("saw 400000", seconds: 100) }
                #expect(counter.load() == 400_000)
            }
        }

        /// Dead watchers, and one that is stopped, cost writers one wake each, and keep nobody.
        @Test func deadAndStoppedWatchersCostOneWakeEach() throws {
            try withScratchStore { scratch in
                let counter = try scratch.open().value("counter", initial: 0)
                let watchers = try (0..<4).map { _ in try scratch.worker("wait-long") }
                for worker in watchers { try worker.expect("ready") }
                watchers[3].signal(SIGSTOP)
                #expect(watchers[3].waitForStop())
                for worker in watchers.prefix(3) { worker.kill() }
                let before = try counter.versioned()
                for step in 1..<100_000 { counter.store(step) }
                let next = try #require(try counter.wait(after: before.version, timeout: .seconds(30)))
                #expect(next.value == 99_999)
                // The sweep after the deaths may come in between.
                #expect(counter.cell.mark.watch.count <= 8)
            }
        }

        /// Of values, and of tables.
        @Test(arguments: [("count-wakes", 100_000), ("count-table-wakes", 20)])
        func nobodyIsWokenWhereNobodyAsked(command: String, changes: Int) throws {
            #if CrashPoints
                try withScratchStore { scratch in
                    let worker = try scratch.worker(command, changes)
                    try worker.expect("woke 0")
                    try worker.expect("woke 1")
                }
            #endif
        }

        @Test func afterAFork() throws {
            try withScratchStore { scratch in
                let worker = try scratch.worker("fork-watching")
                #expect(try worker.line().hasPrefix("inherited closed"))
                try worker.expect("own ok")
                try worker.expect("parent 2")
            }
        }

        /// Processes write to a table one entry after the other; a task and a thread of others come to the last.
        @Test func everyWatcherOfATableComesToTheLastEntry() throws {
            try withScratchStore { scratch in
                let table = try scratch.open().table("t", keys: String.self, values: Int.self)
                let watchers = try ["watch-table", "wait-table"].map { try scratch.worker($0, "t", 200) }
                let writers = try (0..<2).map { _ in try scratch.worker("update-table", "t", 100) }
                for worker in watchers + writers { try worker.expect("ready") }
                for writer in writers { writer.send() }
                for worker in watchers { try worker.expect("saw 200", seconds: 100) }
                #expect(try table.value(for: "count") == 200)
                let ending = try scratch.worker("watch-table", "t", -1)
                try ending.expect("ready")
                #expect(try scratch.open().removeTable("t"))
                try ending.expect("ended", seconds: 100)
            }
        }

        #if CrashPoints
            /// The same of a table: after the commit, and before anybody was told of it.
            @Test(arguments: [
                ("write a batch of a table", "table: committed"),
                ("write a batch of a table", "watch: moved on"),
                ("write a batch of a table", "watch: not woken yet"),
                ("remove a table", "remove table: committed"),
            ]) func aWriterOfATableIsKilledBeforeItWokeAnybody(name: String, point: String) throws {
                let scenario = try #require(CrashScenario.all.first { $0.name == name })
                try withScratchStore(function: "\(name), killed at '\(point)'") { scratch in
                    try scenario.prepare(scratch.path)
                    let store = try scratch.open()
                    let table = try store.untypedTable(try #require(try store.tables().first).name)
                    let seen = try table.version()
                    let worker = try scratch.worker("crash", name, point, 1, "kill")
                    let outcome = codeThrown { _ = try #require(try table.wait(after: seen, timeout: .seconds(60))) }
                    #expect(outcome == (name == "remove a table" ? .removed : nil))
                    #expect(try worker.wait() == .signal(SIGKILL))
                }
            }

            /// A writer is killed after it changed something and before it woke those who wait. Another process, asleep by
            /// then, is told all the same.
            @Test(arguments: [
                ("store a word", ["value: changed", "watch: moved on", "watch: not woken yet", "mark: dirty"]),
                ("store a large value", ["value: even sequence", "watch: moved on", "watch: not woken yet"]),
                ("store an element", ["element: changed", "watch: moved on", "watch: not woken yet"]),
                ("update elements in one step", ["update: odd sequence", "update: even sequence", "watch: moved on"]),
            ]) func aWriterIsKilledBeforeItWokeAnybody(name: String, points: [String]) throws {
                let scenario = try #require(CrashScenario.all.first { $0.name == name })
                for point in points {
                    try withScratchStore(function: "\(name), killed at '\(point)'") { scratch in
                        try scenario.prepare(scratch.path)
                        let store = try scratch.open()
                        let cell = try store.cell(
                            ["word", "block", "numbers"].first { try store.contains($0) } ?? "none")
                        let seen = try cell.version()
                        let worker = try scratch.worker("crash", name, point, 1, "kill")
                        #expect(try cell.wait(after: seen, timeout: .seconds(30)) != nil)
                        #expect(try worker.wait() == .signal(SIGKILL))
                    }
                }
            }
        #endif
    }
}

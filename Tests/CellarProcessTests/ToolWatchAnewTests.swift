import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// `cellar watch` while the store's memory goes, and comes anew: it goes on, and what it says is true.
    @Suite struct ToolWatchAnew {
        private func watch(_ scratch: ScratchStore, _ words: String) throws -> Worker {
            let tool = Worker.buildDirectory + "/cellar"
            return try Worker(command: ["/bin/sh", "-c", "exec '\(tool)' watch '\(scratch.path)' \(words) 2>&1"])
        }

        /// The memory goes as `discard` takes it, with everything on disk; or by a crash of the machine, that loses what is newer.
        @Test(arguments: [false, true]) func goesOn(isCrash: Bool) throws {
            try withScratchStore { scratch in
                var store = try scratch.open()
                var hits = try store.value("hits", initial: 7)
                let array = try store.array("array", of: Int.self, count: 3)
                let seen = try store.dictionary("seen", keys: Int.self, values: Int.self)
                try seen.set(1, for: 1)
                let watcher = try watch(scratch, "hits array seen")
                try watcher.expect("hits = 7")
                try watcher.expect("seen: 1 entry")
                hits.store(8)
                try watcher.expect("hits = 8")
                array[1] = 5
                try watcher.expect("array[0..<3] changed")
                try store.sync()
                let identity = try store.statistics().identity
                scratch.closeAll()
                if isCrash {
                    let isGone = unsafe unlink(Files.segmentPath(identity)) == 0
                    try #require(isGone)
                } else {
                    try Store.discardSegment(of: scratch.path)
                }
                try watcher.expect("array[0..<3] changed")
                // Another process, and then again one that stays. What was shown before is not shown again.
                try scratch.tool("set", scratch.path, "hits", "9")
                while case let line = try watcher.line(), line != "hits = 9" {
                    try #require(line == "array[0..<3] changed")
                }
                store = try scratch.open()
                hits = try store.value("hits", initial: 0)
                hits.store(10)
                while case let line = try watcher.line(), line != "hits = 10" {
                    try #require(line == "array[0..<3] changed")
                }
                try store.dictionary("seen", keys: Int.self, values: Int.self).set(2, for: 1)
                while case let line = try watcher.line(), line != "seen[1] = 2" {
                    try #require(line == "array[0..<3] changed")
                }
                watcher.signal(SIGINT)
                #expect(try watcher.wait() == .exit(0))
            }
        }

        /// Memory that is replaced between two looks: nothing of the old one is shown.
        @Test func replacedAtOnce() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                try store.value("hits", initial: 7).store(7)
                let watcher = try watch(scratch, "hits")
                try watcher.expect("hits = 7")
                watcher.signal(SIGSTOP)
                try store.value("hits", initial: 7).store(8)
                let again = try scratch.reboot()
                try again.value("hits", initial: 0).store(9)
                watcher.signal(SIGCONT)
                // The old memory may still be looked at once.
                let line = try watcher.line()
                if line == "hits = 8" { try watcher.expect("hits = 9") } else { #expect(line == "hits = 9") }
                watcher.signal(SIGTERM)
                #expect(try watcher.wait() == .signal(SIGTERM))
            }
        }

        @Test func whatIsVolatileIsRemoved() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                _ = try store.value("speed", initial: 1, persistence: .volatile)
                let watcher = try watch(scratch, "speed")
                try watcher.expect("speed = 1")
                scratch.closeAll()
                try Store.discardSegment(of: scratch.path)
                let line = try watcher.line()
                #expect(line.hasPrefix("cellar: ") && line.contains("'speed'"), "\(line)")
                #expect(try watcher.wait() == .exit(66))
            }
        }

        @Test func theStoreIsRemoved() throws {
            try withScratchStore { scratch in
                _ = try scratch.open().value("speed", initial: 1)
                let watcher = try watch(scratch, "speed")
                try watcher.expect("speed = 1")
                scratch.closeAll()
                try Store.remove(scratch.path)
                #expect(try watcher.line().hasPrefix("cellar: "))
                #expect(try watcher.wait() == .exit(66))
            }
        }

        /// Of a log only entries that come are told, with the numbers that they have.
        @Test func aLog() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let log = try store.log("events", of: Int.self)
                for number in 1...3 { try log.append(number) }
                try store.sync()
                let watcher = try watch(scratch, "events")
                try watcher.expect("events: 3 entries")
                let again = try scratch.reboot()
                try again.log("events", of: Int.self).append(4)
                while case let line = try watcher.line(), line != "events[3] 4" {
                    try #require(line == "events = on disk", "\(line)")
                }
                watcher.signal(SIGINT)
                #expect(try watcher.wait() == .exit(0))
            }
        }
    }
}

import CellarTestSupport
import Testing

@testable import Cellar

/// Waiting for changes of tables, within a process.
struct TableWatchTests {
    @Test func changesAreTold() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let table = try store.table("t", keys: Int.self, values: Int.self)
            let version = try table.version()
            #expect(try table.wait(after: version, timeout: .zero) == nil)
            try table.set(1, for: 1)
            let next = try #require(try table.wait(after: version, timeout: .seconds(10)))
            #expect(try table.wait(after: next, timeout: .milliseconds(1)) == nil)
            // Through a handle without types, which waits itself too.
            let untyped = try store.untypedTable("t")
            let before = try untyped.version()
            try untyped.set("2", for: "1")
            #expect(try table.wait(after: next, timeout: .seconds(10)) != nil)
            #expect(try untyped.wait(after: before, timeout: .seconds(10)) != nil)
            let last = try table.version()
            let failed = codeThrown {
                try table.write { (batch) throws(StoreError) in
                    try batch.set(9, for: 9)
                    throw StoreError(.invalidValue, "on purpose")
                }
            }
            #expect(failed == .invalidValue)
            #expect(try table.wait(after: last, timeout: .zero) == nil, "what throws changes nothing")
        }
    }

    /// A reader that is slow is told once of many changes, and of the last; each way of changing a table is one.
    @Test func aTaskIsToldAndEndsWithTheTable() throws {
        try withScratchStore { scratch in
            try runTask {
                let store = try scratch.open()
                let table = try store.table("t", keys: Int.self, values: Int.self)
                let pages = try store.multimap("pages", keys: String.self, values: Int.self)
                var changes = table.changes.makeAsyncIterator()
                var pageChanges = pages.changes.makeAsyncIterator()
                #expect(try await changes.next() != nil)
                #expect(try await pageChanges.next() != nil)
                for key in 0..<10 { try table.set(key, for: key) }
                #expect(try await changes.next() != nil)
                #expect(try table.count() == 10)
                let rest = background { for try await _ in table.changes {} }
                try table.update(1) { (value) throws(StoreError) in value = nil }
                try table.removeAll(in: .range(5, upTo: 8))
                try pages.insert(1, for: "a")
                #expect(try await pageChanges.next() != nil)
                try pages.removeAll(for: "a")
                #expect(try await pageChanges.next() != nil)
                try store.renameTable("t", to: "u")
                try table.set(100, for: 100)
                try store.removeTable("u")
                try await rest.value
                while try await changes.next() != nil {}
                try store.removeTable("pages")
                #expect(try await pageChanges.next() == nil)
                #expect(codeThrown { _ = try table.version() } == .removed)
            }
        }
    }

    /// A writer in one thread, watchers in others, until each has seen the last of its changes.
    @Test func everyWatcherComesToTheLastChange() throws {
        try withScratchStore { scratch in
            try runTask {
                let table = try scratch.open().table("t", keys: Int.self, values: Int.self)
                let last = 300
                let watchers = (0..<3).map { _ in
                    background {
                        for try await _ in table.changes where try table.value(for: 0) == last { return true }
                        return false
                    }
                }
                let thread = background {
                    var version = try table.version()
                    while try table.value(for: 0) != last {
                        guard let next = try table.wait(after: version, timeout: .seconds(60)) else { return false }
                        version = next
                    }
                    return true
                }
                for step in 1...last { try table.set(step, for: 0) }
                for watcher in watchers + [thread] { #expect(try await watcher.value) }
            }
        }
    }

    /// Those who only look are told too, and end with the table; whether or not it is in memory.
    @Test(arguments: [true, false]) func lookersAreTold(isInMemory: Bool) throws {
        try withScratchStore { scratch in
            try scratch.open().table("t", keys: Int.self, values: Int.self).set(1, for: 1)
            if !isInMemory {
                scratch.closeAll()
                try Store.discardSegment(of: scratch.path)
            }
            let looked = try scratch.openReadOnly().table("t", keys: Int.self, values: Int.self)
            var version = try looked.version()
            if !isInMemory { #expect(try looked.wait(after: version, timeout: .zero) == nil) }
            let store = try scratch.open { $0.checkpointInterval = .seconds(3600) }
            try store.table("t", keys: Int.self, values: Int.self).set(2, for: 1)
            while try looked.value(for: 1) != 2 {
                version = try #require(try looked.wait(after: version, timeout: .seconds(60)))
            }
            try store.removeTable("t")
            let end = codeThrown {
                while let next = try looked.wait(after: version, timeout: .seconds(60)) { version = next }
            }
            #expect(end == .removed)
        }
    }

    /// What a dead process had just committed shows when the pass after its death has taken LMDB's lock: watchers look again then.
    @Test func thePassAfterADeathTellsOnceMore() throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            let table = try store.table("t", keys: Int.self, values: Int.self)
            let version = try table.version()
            try store.sync()
            #expect(try table.wait(after: version, timeout: .zero) == nil)
            CheckpointGate(segment: try #require(store.attachment.segment)).verify.add(1)
            try store.sync()
            #expect(try table.wait(after: version, timeout: .seconds(60)) != nil)
        }
    }

    /// Tables have 64 words between them; a death tells those who watch any.
    @Test func aDeathTellsOfEachWord() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let segment = try #require(store.attachment.segment)
            let tables = try (0..<20).map { try store.table("\($0)", keys: Int.self, values: Int.self) }
            let versions = try tables.map { try $0.version() }
            Watchers(segment: segment).wakeAfterDeath()
            for (table, version) in zip(tables, versions) {
                #expect(try table.wait(after: version, timeout: .seconds(60)) != nil)
            }
            let words = (0..<10_000).map { TableWatches(segment: segment).word(of: "table:\($0)@1".utf8).futex.number }
            #expect(Set(words).count == 64)
        }
    }
}

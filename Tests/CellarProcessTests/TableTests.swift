import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// Tables that several processes work on.
    @Suite struct Tables {
        private static let words = "/usr/share/dict/american-english-huge"

        /// Debian's longest list of words, put in by four processes at once, is what coreutils and LMDB's tools make of it.
        @Test(.enabled(if: Files.exists(words), "needs Debian's wamerican-huge: tools/test installs it"))
        func aListOfWords() throws {
            try withScratchStore(seconds: 200) { scratch in
                let table = try scratch.open().table("words", keys: String.self, values: Int.self)
                let workers = try (0..<4).map { try scratch.worker("load-words", "words", Self.words, $0, 4) }
                for worker in workers { try worker.expect("ready", seconds: 60) }
                for worker in workers { worker.send() }
                for worker in workers { try worker.expect("done", seconds: 150) }
                scratch.endWorkers()
                let sorted = shell("LC_ALL=C sort -u \(Self.words)").output
                let entries = try table.scan()
                #expect(entries.map(\.key).joined(separator: "\n") + "\n" == sorted)
                #expect(entries.allSatisfy { $0.key.utf8.count == $0.value })
                func number(_ command: String) -> Int? {
                    Int(shell("export LC_ALL=C; \(command)").output.filter { !$0.isWhitespace })
                }
                #expect(try table.count() == number("sort -u \(Self.words) | wc -l"))
                for prefix in ["un", "z", "Z", "é"] {
                    #expect(
                        try table.count(in: .prefix(prefix)) == number("sort -u \(Self.words) | grep -c '^\(prefix)'"))
                }
                let store = try scratch.open()
                let database = try #require(try store.tables().first).database
                #expect(
                    try table.count()
                        == number("mdb_stat -s '\(database)' '\(scratch.path)' | sed -n 's/.*Entries: //p'"))
                #expect(
                    try table.count() * 2
                        == number("mdb_dump -p -s '\(database)' '\(scratch.path)' | grep -c '^ '"))
                #expect(try Store.check(scratch.path).findings == [])
            }
        }

        @Test func noUpdateIsLost() throws {
            try withScratchStore(seconds: 120) { scratch in
                let table = try scratch.open().table("t", keys: String.self, values: Int.self)
                let workers = try (0..<4).map { _ in try scratch.worker("update-table", "t", 100) }
                for worker in workers { try worker.expect("ready") }
                for worker in workers { worker.send() }
                for worker in workers { try worker.expect("done", seconds: 100) }
                #expect(try table.value(for: "count") == 400)
            }
        }

        /// A handle to a table that another process removed, and made again with other types, says so.
        @Test func aTableIsRemovedByAnotherProcess() throws {
            try withScratchStore { scratch in
                let table = try scratch.open().table("t", keys: Int.self, values: Int.self)
                try table.set(1, for: 1)
                #expect(try Tool.run("rm", scratch.path, "t", in: scratch.directory).status == 0)
                let path = scratch.path
                #expect(
                    try Tool.run(
                        "new", path, "t", "--table", "--key", "string", "--type", "json", in: scratch.directory
                    ).status == 0)
                #expect(codeThrown { _ = try table.value(for: 1) } == .removed)
                #expect(codeThrown { try table.set(1, for: 1) } == .removed)
                #expect(codeThrown { _ = try table.scan() } == .removed)
                #expect(try Store.check(scratch.path).findings == [])
            }
        }

        /// Statistics tell of a reader that stays, how far it is behind, and that it is gone when it was killed.
        @Test func longReadersAreSeen() throws {
            try withScratchStore { scratch in
                let store = try scratch.open { $0.checkpointInterval = .seconds(3600) }
                let table = try store.table("t", keys: Int.self, values: Int.self)
                let before = try #require(try store.statistics().readers)
                let reader = try scratch.worker("read-table", "t")
                try reader.expect("reading")
                for key in 0..<10 { try table.set(key, for: key) }
                let during = try #require(try store.statistics().readers)
                #expect(during.reading > before.reading && during.oldestLag >= 10)
                // The tool sees the same, from outside.
                let seen = try Tool.run("stat", scratch.path, "--json", in: scratch.directory).output
                #expect(seen.contains("\"readers\": {\"in_use\": \(during.inUse), "), "\(seen)")
                reader.kill()
                let after = try #require(try store.statistics().readers)
                #expect(after.dead >= 1 || after.cleared >= 1 || after.reading == before.reading)
            }
        }
    }
}

import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// What the tool makes of dictionaries and tables.
    @Suite struct ToolEntries {
        /// Entries of a dictionary come sorted, within bounds; where keys have no order, as they lie.
        @Test func scanningADictionary() throws {
            try withScratchStore { scratch in
                let (store, path) = (try scratch.open(), scratch.path)
                let numbers = try store.dictionary("numbers", keys: Int16.self, values: String.self)
                for key in [-3, 200, 5, 0, -40] { try numbers.set("v\(key)", for: Int16(key)) }
                let words = try store.dictionary("words", keys: String.self, values: Int.self)
                for word in ["un", "unit", "zoo", "", "\u{e9}"] { try words.set(word.utf8.count, for: word) }
                let points = try store.dictionary("points", keys: SIMD2<Int32>.self, values: Int.self)
                for key in 0..<3 as Range<Int32> { try points.set(Int(key), for: SIMD2(key, -key)) }
                let all = "-40\tv-40\n-3\tv-3\n0\tv0\n5\tv5\n200\tv200\n"
                #expect(try scratch.tool("scan", path, "numbers") == all)
                #expect(
                    try scratch.tool("scan", path, "numbers", "--from", "-3", "--to", "5") == "-3\tv-3\n0\tv0\n")
                #expect(
                    try scratch.tool("scan", path, "numbers", "--reverse", "--limit", "2")
                        == "200\tv200\n5\tv5\n")
                #expect(try scratch.tool("scan", path, "words", "--prefix", "un") == "un\t2\nunit\t4\n")
                #expect(try scratch.tool("scan", path, "words") == "\t0\nun\t2\nunit\t4\nzoo\t3\n\u{e9}\t2\n")
                #expect(
                    try scratch.tool("scan", path, "words", "--from", "uo", "--limit", "1", "--format", "json")
                        == #"{"name": "words", "kind": "dictionary", "key": "zoo", "value": 3}"# + "\n")
                #expect(try scratch.tool("scan", path, "points").split(separator: "\n").count == 3)
                for arguments in [
                    ["points", "--from", "[0, 0]"], ["points", "--reverse"], ["numbers", "--prefix", "1"],
                ] {
                    #expect(
                        try Tool.run((["scan", path] + arguments).map { Array($0.utf8) }, in: scratch.directory).status
                            == 65)
                }
                // The same from disk alone.
                try store.sync()
                scratch.closeAll()
                try Store.discardSegment(of: path)
                #expect(try scratch.tool("scan", path, "numbers") == all)
            }
        }

        /// A dictionary and a table, whole and by one key: a line for each entry that is another than before.
        @Test func watchingEntries() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let seen = try store.dictionary("seen", keys: String.self, values: Double.self)
                try seen.set(.nan, for: "odd")
                let users = try store.table("users", keys: Int.self, values: String.self)
                try users.set("alice", for: 1)
                let text = try scratch.watch("seen", "users", "users[2]")
                for line in ["seen: 1 entry", "users: 1 entry", "users[2] is not there"] { try text.expect(line) }
                try seen.set(1.5, for: "a")
                try text.expect("seen[a] = 1.5")
                try seen.set(2, for: "a")
                try text.expect("seen[a] = 2.0")
                try seen.removeValue(for: "a")
                try text.expect("seen[a] is not there")
                try users.set("bob", for: 2)
                try text.expect("users[2] = bob")
                try text.expect("users[2] = bob")
                try users.remove(1)
                try text.expect("users[1] is not there")
                text.signal(SIGINT)
                #expect(try text.wait() == .exit(0))
                try store.removeTable("users")
                let gone = try scratch.watch("seen")
                try gone.expect("seen: 1 entry")
                try store.remove("seen")
                #expect(try gone.wait() == .exit(66))
            }
        }

        @Test func watchingEntriesAsJSON() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let pages = try store.multimap("pages", keys: Int.self, values: String.self)
                try pages.insert("a", for: 7)
                let json = try scratch.watch("pages", "pages[8]", "--json", "--count", "6")
                try json.expect(#"{"name": "pages", "count": 1}"#)
                try json.expect(#"{"name": "pages", "key": 8, "absent": true}"#)
                try pages.write { (batch) throws(StoreError) in
                    try batch.remove("a", for: 7)
                    try batch.insert("b", for: 7)
                }
                try json.expect(#"{"name": "pages", "key": 7, "removed": "a"}"#)
                try json.expect(#"{"name": "pages", "key": 7, "added": "b"}"#)
                try pages.insert("c", for: 8)
                for _ in 0..<2 { try json.expect(#"{"name": "pages", "key": 8, "added": "c"}"#) }
                #expect(try json.wait() == .exit(0))
            }
        }

        /// Begun while nobody has the store open, it sees what comes into memory later.
        @Test func watchingWhatIsOnDisk() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                try store.dictionary("d", keys: Int.self, values: Int.self).set(1, for: 1)
                try store.table("t", keys: Int.self, values: Int.self).set(1, for: 1)
                try store.sync()
                scratch.closeAll()
                try Store.discardSegment(of: scratch.path)
                let worker = try scratch.watch("d", "t[1]")
                try worker.expect("d: 1 entry")
                try worker.expect("t[1] = 1")
                let again = try scratch.open { $0.checkpointInterval = .seconds(3600) }
                try again.dictionary("d", keys: Int.self, values: Int.self).set(2, for: 2)
                try worker.expect("d[2] = 2")
                try again.table("t", keys: Int.self, values: Int.self).set(3, for: 1)
                try worker.expect("t[1] = 3")
                worker.signal(SIGTERM)
                #expect(try worker.wait() == .signal(SIGTERM))
            }
        }
    }
}

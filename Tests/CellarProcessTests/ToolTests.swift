import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// The built tool, driven as a person or a script would.
    struct ToolTests {
        private func expect(
            _ arguments: String..., in scratch: ScratchStore, says output: String? = nil, ends status: Int32 = 0,
            location: SourceLocation = #_sourceLocation
        ) throws {
            let run = try Tool.run(arguments.map { Array($0.utf8) }, in: scratch.directory)
            #expect(run.status == status, "\(arguments): \(run.errors)", sourceLocation: location)
            if let output { #expect(run.output == output, "\(arguments)", sourceLocation: location) }
            // An error is one line on the error output, and nothing on the other.
            if status != 0 {
                #expect(run.output.isEmpty, "\(arguments)", sourceLocation: location)
                #expect(run.errors.hasPrefix("cellar: ") || status == 64, "\(run.errors)", sourceLocation: location)
            }
        }

        @Test func theFirstVerbs() throws {
            try withScratchStore { scratch in
                let path = scratch.path
                try expect("new", path, "speed", "--type", "double", "--value", "0.5", in: scratch)
                try expect("new", path, "pose", "--type", "{x: double @0, y: double @8}", in: scratch)
                try expect("new", path, "steps", "--type", "int", "--count", "12", in: scratch)
                try expect("get", path, "speed", in: scratch, says: "0.5\n")
                try expect("add", path, "speed", "0.25", "--sync", in: scratch, says: "0.75\n")
                try expect("set", path, "steps[3]", "7", in: scratch)
                try expect("get", path, "steps[3]", in: scratch, says: "7\n")
                try expect("get", path, "steps[2..<5]", in: scratch, says: "0\n7\n0\n")
                try expect("set", path, "pose", "{\"x\": 1.5, \"y\": -2}", in: scratch)
                let dump = """
                    {"name": "pose", "kind": "value", "type": "{x: double @0, y: double @8}", "persistent": true, \
                    "value": {"x": 1.5, "y": -2.0}}
                    {"name": "speed", "kind": "value", "type": "double", "persistent": true, "value": 0.75}
                    {"name": "steps", "kind": "array", "type": "int64", "count": 12, "persistent": true, \
                    "value": [0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0]}

                    """
                try expect("dump", path, "--format", "json", in: scratch, says: dump)
                try Store.discardSegment(of: path)
                // The same from disk alone, with nothing made in memory.
                try expect("dump", path, "--format", "json", in: scratch, says: dump)
                try expect("rm", path, "steps", in: scratch)
                try expect("get", path, "steps", in: scratch, ends: 66)
                try expect("ps", path, in: scratch)
                try expect("locks", path, in: scratch)
                try expect("stat", path, in: scratch)
                try Store.remove(path)
            }
        }

        @Test func tables() throws {
            try withScratchStore { scratch in
                let path = scratch.path
                try expect("new", path, "words", "--table", "--key", "string", "--type", "int", in: scratch)
                try expect("new", path, "words", "--table", "--key", "string", "--type", "int", in: scratch, ends: 73)
                try expect("new", path, "bad", "--table", "--key", "what", "--type", "int", in: scratch, ends: 64)
                try expect(
                    "new", path, "at", "--table", "--key", "(int8, string)", "--type", "{x: double @0}", in: scratch)
                try expect("new", path, "pages", "--multimap", "--key", "int16", "--type", "string", in: scratch)
                for (word, count) in [("un", "1"), ("unit", "-2"), ("zoo", "3")] {
                    try expect("set", path, "words", word, count, in: scratch)
                }
                try expect("set", path, "at", "[-5, \"a\"]", "{x: 1.5}", in: scratch)
                for page in ["b", "a"] { try expect("set", path, "pages", "-7", page, in: scratch) }
                let before = ["data.mdb", "lock.mdb"].map { Files.read(path + "/" + $0) }
                try expect("get", path, "words", "unit", in: scratch, says: "-2\n")
                try expect("get", path, "words", "none", in: scratch, ends: 66)
                try expect("get", path, "words", in: scratch, ends: 64)
                try expect("get", path, "pages", "-7", "--json", in: scratch, says: "[\"a\", \"b\"]\n")
                try expect("get", path, "pages", "x", in: scratch, ends: 65)
                try expect("scan", path, "words", "--prefix", "un", in: scratch, says: "un\t1\nunit\t-2\n")
                try expect(
                    "scan", path, "words", "--from", "uo", "--reverse", "--limit", "9", in: scratch, says: "zoo\t3\n")
                try expect("scan", path, "words", "--to", "un", in: scratch, says: "")
                try expect("scan", path, "none", in: scratch, ends: 66)
                let lines = """
                    {"name": "at", "kind": "table", "key_type": "(int8, string)", "type": "{x: double @0}"}
                    {"name": "at", "kind": "table", "key": [-5, "a"], "value": {"x": 1.5}}
                    {"name": "pages", "kind": "multimap", "key_type": "int16", "type": "string"}
                    {"name": "pages", "kind": "multimap", "key": -7, "value": "a"}
                    {"name": "pages", "kind": "multimap", "key": -7, "value": "b"}
                    {"name": "words", "kind": "table", "key_type": "string", "type": "int64"}
                    {"name": "words", "kind": "table", "key": "un", "value": 1}
                    {"name": "words", "kind": "table", "key": "unit", "value": -2}
                    {"name": "words", "kind": "table", "key": "zoo", "value": 3}

                    """
                try expect("dump", path, "--format", "json", in: scratch, says: lines)
                for verb in ["ls", "stat", "check", "dump"] { try expect(verb, path, in: scratch) }
                #expect(
                    ["data.mdb", "lock.mdb"].map { Files.read(path + "/" + $0) } == before, "looking changes nothing")
                try expect("rm", path, "words", "un", in: scratch)
                try expect("rm", path, "words", "un", in: scratch, ends: 66)
                try expect("mv", path, "words", "w", in: scratch)
                try expect("rm", path, "pages", in: scratch)
                try expect("scan", path, "w", in: scratch, says: "unit\t-2\nzoo\t3\n")
                try expect("rm", path, "pages", "--table", in: scratch, ends: 66)
            }
        }

        @Test func errorsByKind() throws {
            try withScratchStore { scratch in
                let path = scratch.path
                try expect("ls", path, in: scratch, ends: 66)
                try expect("new", path, "n", "--type", "int8", in: scratch)
                try expect("new", path, "n", "--type", "int8", in: scratch, ends: 73)
                try expect("new", path, "m", "--type", "pointer", in: scratch, ends: 64)
                try expect("set", path, "n", "300", in: scratch, ends: 65)
                try expect("set", path, "n", "abc", in: scratch, ends: 65)
                try expect("add", path, "n", "200", in: scratch, ends: 65)
                try expect("get", path, "n[4]", in: scratch, ends: 65)
                try expect("new", path, "", "--type", "int", in: scratch, ends: 64)
                try expect("new", path, String(repeating: "x", count: 256), "--type", "int", in: scratch, ends: 64)
                try expect("frobnicate", in: scratch, ends: 64)
                let notUTF8 = try Tool.run(
                    [Array("get".utf8), Array(path.utf8), [0x66, 0xFF, 0xFE]], in: scratch.directory)
                #expect(notUTF8.status == 64 && notUTF8.errors.contains("UTF-8"), "\(notUTF8.errors)")
                try Store.remove(path)
            }
        }

        /// Each change of what is watched is a line; other elements of the same 64 KiB are none.
        @Test func watching() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let speed = try store.value("speed", initial: 0.5)
                let steps = try store.array("steps", of: Int.self, count: 20_000)
                let command = [Worker.buildDirectory + "/cellar", "watch", scratch.path]
                let text = try Worker(command: command + ["speed", "steps[3]", "steps"])
                try text.expect("speed = 0.5")
                try text.expect("steps[3] = 0")
                speed.store(1.5)
                try text.expect("speed = 1.5")
                steps[9_000] = 1
                try text.expect("steps[8192..<16384] changed")
                steps[3] = 7
                try text.expect("steps[3] = 7")
                try text.expect("steps[0..<8192] changed")
                text.signal(SIGINT)
                #expect(try text.wait() == .exit(0))
                let json = try Worker(command: command + ["speed", "steps[2..<4]", "--json", "--count", "3"])
                try json.expect("{\"name\": \"speed\", \"value\": 1.5}")
                try json.expect("{\"name\": \"steps\", \"range\": [2, 4], \"value\": [0, 7]}")
                speed.store(2)
                try json.expect("{\"name\": \"speed\", \"value\": 2.0}")
                #expect(try json.wait() == .exit(0))
                // Begun while nobody had the store open, it sees what comes into memory later.
                try store.sync()
                scratch.closeAll()
                try Store.discardSegment(of: scratch.path)
                let early = try Worker(command: command + ["speed"])
                try early.expect("speed = 2.0")
                try scratch.open().value("speed", of: Double.self).store(3)
                try early.expect("speed = 3.0")
                early.signal(SIGTERM)
                #expect(try early.wait() == .signal(SIGTERM))
            }
        }

        /// Four processes, one killed half way, a restart, and all totals equal.
        @Test func theDemo() throws {
            try withScratchStore { scratch in
                let run = try Tool.run("demo", in: scratch.directory)
                #expect(run.status == 0, "\(run.errors)")
                #expect(run.output.contains("with SIGKILL"))
                #expect(run.output.contains("totals equal"))
            }
        }
    }
}

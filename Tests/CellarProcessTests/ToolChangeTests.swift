import Cellar
import CellarTestSupport
import Testing

extension ProcessTests {
    /// What the tool makes, changes and removes.
    @Suite struct ToolChanging {
        @Test func partsOfValues() throws {
            try withScratchStore { scratch in
                let path = scratch.path
                try scratch.tool(
                    "new", path, "pose", "--type",
                    "{x: double @0, tag: string<9> @8, p: array<{a: int8 @0, b: bool @1}, 2> @20}",
                    "--count", "3", "--value", "{x: 1, tag: t, p: [{a: 1, b: true}, {a: 2, b: true}]}")
                try scratch.tool("set", path, "pose[0].x", "-1.5")
                try scratch.tool("set", path, "pose[0].p[1].b", "false")
                try scratch.tool("set", path, "pose[0].p[0]", "{a: -8}")
                try scratch.tool("set", path, "pose[1..<3].tag", "both")
                try scratch.tool("set", path, "pose[1..<3].x", "[5, 6]")
                #expect(try scratch.tool("add", path, "pose[2].p[1].a", "-3") == "-1\n")
                #expect(
                    try scratch.tool("get", path, "pose") == """
                        {x: -1.5, tag: "t", p: [{a: -8, b: true}, {a: 2, b: false}]}
                        {x: 5.0, tag: "both", p: [{a: 1, b: true}, {a: 2, b: true}]}
                        {x: 6.0, tag: "both", p: [{a: 1, b: true}, {a: -1, b: true}]}

                        """)
                #expect(
                    try scratch.tool("set", path, "pose[0].z", "1", ends: 65).contains(
                        "no field 'z': there are x, tag, p"))
                try scratch.tool("set", path, "pose[0].p[2].a", "1", ends: 65)
                try scratch.tool("set", path, "pose[0].p[0].a", "300", ends: 65)
                try scratch.tool("add", path, "pose[0].p[0].a", "-121", ends: 65)
                try scratch.tool("add", path, "pose[0].tag", "1", ends: 65)
                // A cell whose name is all of the text comes first.
                try scratch.tool("new", path, "pose[0].x", "--type", "int")
                try scratch.tool("set", path, "pose[0].x", "9")
                #expect(try scratch.tool("get", path, "pose[0].x") == "9\n")
            }
        }

        @Test func everythingThatCanBeMade() throws {
            try withScratchStore { scratch in
                let path = scratch.path
                for (name, arguments) in [
                    (
                        "log",
                        [
                            "--log", "--type", "string", "--capacity", "9", "--maximum-age", "1d", "--maximum-bytes",
                            "70",
                        ]
                    ),
                    ("list", ["--list", "--type", "{x: double @0}", "--capacity", "5"]),
                    ("block", ["--block", "--count", "70"]),
                    ("pipe", ["--pipe", "--capacity", "100"]), ("mutex", ["--mutex"]),
                    ("recursive", ["--recursive-mutex"]),
                    ("rw", ["--read-write-lock"]), ("semaphore", ["--semaphore", "--count", "2", "--bound", "4"]),
                    ("event", ["--event"]), ("condition", ["--condition", "--of", "mutex"]),
                    ("barrier", ["--barrier", "--count", "3"]),
                    ("latch", ["--latch", "--count", "0"]), ("once", ["--once"]),
                    (
                        "cache",
                        [
                            "--dictionary", "--key", "int", "--type", "bytes", "--capacity", "50", "--expires",
                            "--volatile",
                        ]
                    ),
                    ("ring", ["--log", "--type", "int", "--volatile"]),
                ] {
                    let words = ["new", path, name] + arguments
                    #expect(try Tool.run(words.map { Array($0.utf8) }, in: scratch.directory).status == 0, "\(words)")
                    // Not twice, nor as something else.
                    #expect(try Tool.run(words.map { Array($0.utf8) }, in: scratch.directory).status == 73, "\(words)")
                }
                try scratch.tool("new", path, "event", "--type", "int", ends: 73)
                let forms = try scratch.open().cells().filter { $0.form != nil && $0.kind != .condition }
                #expect(
                    forms.map { "\($0.name): \($0.form ?? "")\($0.persistence == .volatile ? " volatile" : "")" } == [
                        "barrier: barrier parties=3 volatile", "block: block bytes=70", "event: event volatile",
                        "latch: latch count=0 volatile", "list: list capacity=5 element={x: double @0}",
                        "log: log capacity=9 room=70 bytes=0 age=86400000 element=string", "mutex: mutex volatile",
                        "once: once volatile", "pipe: pipe capacity=128 volatile",
                        "recursive: recursive-mutex volatile",
                        "ring: log capacity=4096 room=8 bytes=0 age=0 element=int64 volatile",
                        "rw: read-write-lock volatile",
                        "semaphore: semaphore count=2 bound=4 volatile",
                    ], "\(forms.map { $0.form })")
                for arguments in [
                    ["--list", "--type", "int"], ["--mutex", "--type", "int"], ["--semaphore"],
                    ["--barrier", "--count", "0"],
                    ["--barrier", "--count", "251"], ["--semaphore", "--count", "3", "--bound", "2"], ["--condition"],
                    ["--mutex", "--event"], ["--list", "--type", "what", "--capacity", "1"],
                    ["--block", "--count", "-1"],
                    ["--log", "--type", "what"], ["--table", "--key", "int", "--type", "int", "--volatile"], [],
                ] {
                    let words = ["new", path, "wrong"] + arguments
                    #expect(try Tool.run(words.map { Array($0.utf8) }, in: scratch.directory).status == 64, "\(words)")
                }
                try scratch.tool("new", path, "c", "--condition", "--of", "none", ends: 66)
                try scratch.tool("new", path, "c", "--condition", "--of", "event", ends: 65)
            }
        }

        @Test func severalNamesAndKeys() throws {
            try withScratchStore { scratch in
                let path = scratch.path
                for name in ["a", "b", "c"] { try scratch.tool("new", path, name, "--type", "int") }
                try scratch.tool("new", path, "words", "--table", "--key", "string", "--type", "int")
                try scratch.tool("new", path, "seen", "--dictionary", "--key", "int", "--type", "int")
                for key in ["1", "2", "3"] {
                    try scratch.tool("set", path, "words", key, "0")
                    try scratch.tool("set", path, "seen", key, "0")
                }
                // All or nothing where one is not there.
                #expect(try scratch.tool("rm", path, "a", "none", "b", ends: 66).contains("no cell 'none'"))
                #expect(try scratch.tool("rm", path, "words", "1", "9", ends: 66).contains("no key '9'"))
                try scratch.tool("rm", path, "words", "1", "3")
                try scratch.tool("rm", path, "seen", "3", "2")
                #expect(try scratch.tool("scan", path, "words") + scratch.tool("scan", path, "seen") == "2\t0\n1\t0\n")
                try scratch.tool("rm", path, "a", "b")
                try scratch.tool("rm", path, "words", "seen", "--names")
                #expect(try scratch.open().cells().map(\.name) == ["c"])
                #expect(try scratch.open().tables().isEmpty)
            }
        }
    }
}

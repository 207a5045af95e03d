import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// What the verbs that look print, letter by letter, of a small store with something of each kind.
    @Suite struct ToolLooking {
        @Test func wholeOutputs() throws {
            try withScratchStore { scratch in
                let store = try scratch.openQuiet()
                try LookedAt.fill(store)
                scratch.closeAll()
                for (arguments, expected) in Self.outputs {
                    var words = arguments.split(separator: " ").map(String.init)
                    words.insert(scratch.path, at: 1)
                    let run = try Tool.run(words.map { Array($0.utf8) }, in: scratch.directory)
                    #expect(run.status == 0, "\(arguments): \(run.errors)")
                    #expect(Self.settled(run.output) == expected, "\(arguments)")
                }
            }
        }

        /// Without what is another each time: identities, times, numbers of passes and transactions.
        private static func settled(_ output: String) -> String {
            var text = output
            text.replace(#/[0-9a-f]{32}/#, with: "IDENTITY")
            text.replace(#/[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:]{8}Z?/#, with: "WHEN")
            text.replace(#/took [0-9,]+ microseconds/#, with: "took SOME microseconds")
            text.replace(
                #/(last_transaction|last_checkpoint|begun_checkpoints|last_checkpoint_nanoseconds|last_checkpoint_bytes|last_checkpoint_chunks|disk_bytes|free_pages)": [0-9]+/#
            ) { "\($0.1)\": SOME" }
            text.replace(#/(?m)^(last transaction|checkpoints|last checkpoint|disk|free pages)( +)[^\n]*/#) {
                "\($0.1)\($0.2)SOME"
            }
            text.replace(#/oldest( +)[0-9.]+ seconds/#) { "oldest\($0.1)SOME" }
            text.replace(#/"(time|put_at|oldest_milliseconds)": [0-9]+/#) { "\"\($0.1)\": SOME" }
            text.replace(#/@[0-9]+"/#, with: "@SOME\"")
            text.replace(#/[0-9]+ pages/#, with: "SOME pages")
            return text
        }

        // MARK: ps

        @Test func whatProcessesHold() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                try LookedAt.fill(store)
                scratch.closeAll()
                let owner = try scratch.worker("have")
                try owner.expect("holding")
                try settle { try scratch.openReadOnly().statistics().segment?.checkpointer != nil }
                func ps(_ arguments: String...) throws -> String {
                    let run = try Tool.run(
                        (["ps", scratch.path] + arguments).map { Array($0.utf8) }, in: scratch.directory)
                    return Self.settled(run.output).replacing("\(owner.processID)", with: "PID")
                }
                let width = max("\(owner.processID)".count, 3)
                let padding = String(repeating: " ", count: width - 3)
                #expect(
                    try ps() == """
                        PID\(padding)  STATE  SINCE                NAME   HOLDS
                        PID  alive  WHEN  owner  checkpointer, lock door, 1 lease of jobs, first end of line

                        """)
                let json = """
                    {"pid": PID, "name": "owner", "since": "WHEN", "alive": true, "checkpointer": true, "locks": ["door"], \
                    "leases": {"jobs": 1}, "pipe_ends": ["line.first"]}

                    """
                #expect(try ps("--json") == json)
                owner.kill()
                let dead = try ps("--json")
                #expect(dead.contains(#""alive": false"#) && dead.contains(#""leases": {"jobs": 1}"#), "\(dead)")
            }
        }

        // MARK: dump

        /// What is on disk goes into another LMDB, and comes out as LMDB's own tool writes it of both.
        @Test func aDumpForLMDB() throws {
            try withScratchStore { scratch in
                let store = try scratch.openQuiet()
                try LookedAt.fill(store)
                scratch.closeAll()
                let (dump, copy) = (scratch.directory + "/dump", try scratch.copyOfDisk())
                Files.write(Array(try scratch.tool("dump", scratch.path, "--mdb").utf8), to: dump)
                unsafe mkdir(scratch.directory + "/loaded", 0o700)
                guard shell("command -v mdb_load mdb_dump").code == 0 else { return print("no lmdb-utils: not tested") }
                let load = shell("mdb_load -f '\(dump)' '\(scratch.directory)/loaded'")
                #expect(load.code == 0, "\(load.output)")
                let loaded = shell("mdb_dump -a '\(scratch.directory)/loaded' | grep -v '^maxreaders='")
                let own = shell("mdb_dump -a '\(copy)' | grep -v '^maxreaders='")
                #expect(loaded.output == own.output && own.code == 0, "\(own.output.prefix(200))")
                #expect(own.output == shell("grep -v '^maxreaders=' '\(dump)'").output)
                for name in ["cells", "values", "meta"] { #expect(own.output.contains("database=\(name)\n")) }
                #expect(own.output.contains("duplicates=1\n"))
            }
        }

        @Test func commaSeparatedValues() throws {
            try withScratchStore { scratch in
                let path = scratch.path
                let type = "{name: string<12> @0, at: array<int16, 2> @14, v: simd<float, 2> @24}"
                try scratch.tool(
                    "new", path, "odd", "--type", type, "--value",
                    #"{name: "a,\"b\"\n", at: [1, -2], v: [nan, 1.5]}"#)
                try scratch.tool("new", path, "numbers", "--type", "uint8", "--count", "3", "--value", "9")
                try scratch.tool("new", path, "jobs", "--queue", "--type", "int64")
                #expect(
                    try scratch.tool("dump", path, "odd", "--format", "csv")
                        == "name,at[0],at[1],v[0],v[1]\n\"a,\"\"b\"\"\n\",1,-2,nan,1.5\n")
                #expect(try scratch.tool("dump", path, "num*", "--format", "csv") == "value\n9\n9\n9\n")
                #expect(try scratch.tool("dump", path, "--format", "csv", ends: 64).contains("one value or array"))
                let several = try scratch.tool("dump", path, "--format", "csv", ends: 64)
                #expect(several.contains("'numbers', 'odd': say which") && several.contains("--directory DIR"))
                #expect(try scratch.tool("dump", path, "jobs", "--format", "csv", ends: 65).contains("is a queue"))
            }
        }

        /// Folders of any number, beside names that begin like theirs.
        @Test func treesOfManyNames() throws {
            try withScratchStore { scratch in
                var lines = ""
                for size in 1...20 {
                    let names = (0..<size).map { "f\(size)/x\($0)" } + ["f\(size)", "f\(size)/", "f\(size)-/y"]
                    for name in names {
                        lines +=
                            #"{"name": "\#(name)", "kind": "value", "type": "int8", "persistent": false, "value": 0}"#
                            + "\n"
                    }
                }
                try scratch.write(lines, to: "lines")
                scratch.shell("cellar load store lines")
                let tree = scratch.shell("cellar ls store --tree")
                for size in 1...20 {
                    let rows = tree.split(separator: "\n").filter {
                        $0.hasPrefix("f\(size)/ ") || $0.hasPrefix("f\(size)-/ ")
                    }
                    let counts = rows.filter { $0.contains("folder") }.compactMap {
                        $0.split(separator: " ").dropFirst(2).first
                    }
                    #expect(counts == ["1", "\(size)"[...]] && rows.count == 3, "\(rows)")
                }
                #expect(tree.split(separator: "\n").count == 1 + 20 * 5 + 210)
                // The same of each by itself, as of all.
                let all = scratch.shell("cellar ls store --json").split(separator: "\n")
                #expect(all.count == 270)
                let line = scratch.shell("cellar ls store f7/x3 --json")
                #expect(all.contains(line.dropLast()), "\(line)")
            }
        }

        /// A file of each, beside names that would lead elsewhere.
        @Test func commaSeparatedFiles() throws {
            try withScratchStore { scratch in
                let (path, directory) = (scratch.path, scratch.directory + "/csv")
                for name in ["a/b", "../up", ".hidden", "plain-1.x", "é", "%", "-o"] {
                    scratch.shell("cellar new store --type int --value 7 -- '\(name)'")
                }
                scratch.shell("cellar new store list --type 'array<int8, 2>' --count 3")
                try scratch.tool("dump", path, "--format", "csv", "--directory", directory)
                let names = ["%2E.%2Fup", "%2Ehidden", "%2Do", "%25", "%C3%A9", "a%2Fb", "list", "plain-1.x"]
                #expect(Files.names(directory).sorted() == names.map { $0 + ".csv" }.sorted())
                #expect(scratch.shell("cat csv/a%2Fb.csv") == "value\n7\n")
                #expect(scratch.shell("cat csv/list.csv") == "[0],[1]\n0,0\n0,0\n0,0\n")
                // Again, over what is there; and what has no rows is left out.
                try scratch.tool("new", path, "jobs", "--queue", "--type", "int64")
                try scratch.tool("set", path, "a/b", "8")
                #expect(
                    scratch.shell("cellar dump store --format csv -o csv 2>&1")
                        == "cellar: 1 thing left out: CSV holds values and arrays\n")
                #expect(scratch.shell("cat csv/a%2Fb.csv") == "value\n8\n")
                #expect(Files.names(directory).count == names.count)
                try scratch.tool("dump", path, "jobs", "--format", "csv", "-o", directory + "2", ends: 65)
                try scratch.tool("dump", path, "--format", "csv", "-o", directory + "/no/where", ends: 73)
                try scratch.tool("dump", path, "-o", directory, ends: 64)
                #expect(!Files.exists(directory + "2"))
            }
        }

        // MARK: Names

        @Test func treesOfOddNames() throws {
            try withScratchStore { scratch in
                let store = try scratch.openQuiet()
                for name in ["a", "a-b", "a/x", "a//y", "/lead", "trail/", "zwölf/é", "zwölf/z"] {
                    _ = try store.value(name, initial: Int32(1))
                }
                #expect(
                    try scratch.tool("ls", scratch.path, "--tree") == """
                        NAME     KIND    COUNT  SIZE  KEPT        TYPE
                        /        folder  1      4 B
                        └─ lead  value   -      4 B   persistent  int32
                        a        value   -      4 B   persistent  int32
                        a-b      value   -      4 B   persistent  int32
                        a/       folder  2      8 B
                        ├─ /     folder  1      4 B
                        │  └─ y  value   -      4 B   persistent  int32
                        └─ x     value   -      4 B   persistent  int32
                        trail/   value   -      4 B   persistent  int32
                        zwölf/   folder  2      8 B
                        ├─ z     value   -      4 B   persistent  int32
                        └─ é     value   -      4 B   persistent  int32

                        """)
            }
        }

        @Test func patterns() throws {
            try withScratchStore { scratch in
                let (store, path) = (try scratch.openQuiet(), scratch.path)
                for name in ["a", "b/c", "b/é", "b/c/d", "odd[1]", "odd1"] { _ = try store.value(name, initial: 1) }
                _ = try store.table("b/table", keys: Int.self, values: Int.self)
                func names(_ patterns: String...) throws -> [String] {
                    let run = try Tool.run((["ls", path] + patterns).map { Array($0.utf8) }, in: scratch.directory)
                    return run.output.split(separator: "\n").dropFirst().map { String($0.prefix { $0 != " " }) }
                }
                #expect(try names("b/*") == ["b/c", "b/c/d", "b/é", "b/table"])
                #expect(try names("b/?") == ["b/c", "b/é"])
                #expect(try names("[ab]*", "a") == ["a", "b/c", "b/c/d", "b/é", "b/table"])
                #expect(try names("odd[1]") == ["odd1", "odd[1]"])
                #expect(try scratch.tool("ls", path, "a", "none*", ends: 66).contains("'none*'"))
                #expect(try scratch.tool("dump", path, "none", ends: 66).contains("'none'"))
                try scratch.tool("ls", path, "--json", "--tree", ends: 64)
            }
        }

        /// A name that has dots and brackets in it is a name before it is a path.
        @Test func paths() throws {
            try withScratchStore { scratch in
                let (store, path) = (try scratch.openQuiet(), scratch.path)
                try LookedAt.fill(store)
                for (name, number) in [("robot/pose.position", 7), ("poses[1]", 8)] {
                    _ = try store.value(name, initial: number)
                }
                #expect(try scratch.tool("get", path, "robot/pose.position") == "7\n")
                #expect(try scratch.tool("get", path, "robot/pose.isReached") == "true\n")
                #expect(try scratch.tool("get", path, "poses[1]") == "8\n")
                #expect(try scratch.tool("get", path, "poses[2].position.x") == "2.0\n")
                #expect(try scratch.tool("get", path, "poses.position.x", "--json") == "[0.0, 1.0, 2.0]\n")
                #expect(try scratch.tool("get", path, "poses[0...1].isReached") == "false\ntrue\n")
                try store.value("vectors", initial: SIMD4<Int32>(1, 2, 3, 4)).store(SIMD4(5, 6, 7, 8))
                #expect(try scratch.tool("get", path, "vectors[1..<3]") == "6\n7\n")
                #expect(try scratch.tool("get", path, "vectors[1..<3]", "--json") == "[6, 7]\n")
                #expect(try scratch.tool("get", path, "vectors[4]", ends: 65).contains("no element 4 among 4"))
                #expect(try scratch.tool("get", path, "poses[0].z", ends: 65).contains("position, isReached"))
                try scratch.tool("get", path, "poses[3].position", ends: 65)
                try scratch.tool("get", path, "robot/arm/speed.x", ends: 65)
                try scratch.tool("get", path, "poses[0].", ends: 64)
                try scratch.tool("get", path, "list[2]", ends: 65)
                try scratch.tool("get", path, "nothing.x", ends: 66)
                try scratch.tool("set", path, "poses[0].isReached", "true")
                #expect(try scratch.tool("get", path, "poses[0].isReached") == "true\n")
            }
        }

        // MARK: watch, history

        @Test func watchingQueuesLogsAndLocks() throws {
            try withScratchStore { scratch in
                let store = try scratch.openQuiet()
                try LookedAt.fill(store)
                let text = try scratch.watch("jobs", "events", "door", "list", "robot/pose.position.y")
                for line in [
                    "jobs = 3 ready", "events: 2 entries", "door = free", "list = [5, 6]",
                    "robot/pose.position.y = -2.0",
                ] {
                    try text.expect(line)
                }
                let jobs = try store.queue("jobs", of: Int.self)
                try jobs.put(40)
                try text.expect("jobs = 4 ready")
                let lease = try #require(try jobs.lease())
                try text.expect("jobs = 3 ready, 1 leased")
                try lease.acknowledge()
                try text.expect("jobs = 3 ready")
                try store.log("events", of: String.self, options: LogOptions(capacity: 64)).append(contentsOf: [
                    "x", "y",
                ])
                try text.expect("events[2] x")
                try text.expect("events[3] y")
                try store.mutex("door").withLock {
                    let line = try text.line()
                    #expect(line.hasPrefix("door = held by ") && line.contains("\(getpid())"), "\(line)")
                }
                try text.expect("door = free")
                // Another field of the struct is none of its business.
                let pose = try store.value("robot/pose", of: LookedAt.Pose.self)
                try pose.store(LookedAt.Pose(9, -2, false))
                try pose.store(LookedAt.Pose(9, -3, false))
                try text.expect("robot/pose.position.y = -3.0")
                try store.list("list", of: Int32.self).append(contentsOf: [7])
                try text.expect("list = [5, 6, 7]")
                try store.remove("jobs")
                #expect(try text.wait() == .exit(66))
            }
        }

        @Test func watchingAsJSON() throws {
            try withScratchStore { scratch in
                let store = try scratch.openQuiet()
                try LookedAt.fill(store)
                let json = try scratch.watch("jobs", "events", "raw", "--json", "--count", "5")
                try json.expect(
                    #"{"name": "jobs", "value": {"ready": 3, "delayed": 0, "leased": 0, "dead": 0, "taken": 0}}"#)
                try json.expect(#"{"name": "events", "count": 2, "next": 2}"#)
                try json.expect(#"{"name": "raw", "value": "0102ab04"}"#)
                try store.block("raw", byteCount: 4).write([0, 0, 0, 1])
                try json.expect(#"{"name": "raw", "value": "00000001"}"#)
                try store.log("events", of: String.self, options: LogOptions(capacity: 64)).append(contentsOf: ["x"])
                let line = try json.line()
                #expect(
                    line.hasPrefix(#"{"name": "events", "offset": 2, "time": "#) && line.hasSuffix(#""value": "x"}"#),
                    "\(line)")
                #expect(try json.wait() == .exit(0))
            }
        }

        /// Samples that were taken are shown when it is interrupted.
        @Test func histories() throws {
            try withScratchStore { scratch in
                let store = try scratch.openQuiet()
                let ramp = try store.value("ramp", initial: 0)
                let worker = try Worker(command: [
                    Worker.buildDirectory + "/cellar", "history", scratch.path, "ramp", "--interval", "2ms", "--count",
                    "1000000", "--json",
                ])
                // It is at it once it waits for signals between two samples (rt_sigtimedwait, where that can be seen).
                settle {
                    let call = Files.text("/proc/\(worker.processID)/syscall")
                    return call.isEmpty || call.hasPrefix("128 ") || call.hasPrefix("137 ")
                }
                for number in 1...200 { ramp.store(number) }
                worker.signal(SIGINT)
                let line = try worker.line()
                #expect(try worker.wait() == .exit(0))
                #expect(
                    line.hasPrefix(#"{"name": "ramp", "interval_milliseconds": 2, "samples": ["#), "\(line.prefix(200))"
                )
                let numbers = line.split(separator: "[")[1].prefix { $0 != "]" }.split(separator: ", ").compactMap {
                    Int($0)
                }
                #expect(numbers == numbers.sorted() && numbers.allSatisfy { (0...200).contains($0) })
                if let first = numbers.first, let last = numbers.last {
                    #expect(
                        line.hasSuffix(#""min": \#(first), "max": \#(last), "last": \#(last)}"#), "\(line.suffix(200))")
                }
                _ = try store.value("pose", initial: Triple(1))
                #expect(try scratch.tool("history", scratch.path, "pose", ends: 65).contains("which field"))
                try scratch.tool("history", scratch.path, "none", ends: 66)
                try scratch.tool("history", scratch.path, "ramp", "--count", "0", ends: 64)
            }
        }
    }
}

import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// A dump, and a store that is made of it.
    @Suite struct ToolLoading {
        /// Dumps, loads in another store, and dumps that: the same text. Returns it.
        @discardableResult
        private func roundTrip(_ scratch: ScratchStore, location: SourceLocation = #_sourceLocation) throws -> String {
            scratch.shell("cellar dump store --format json > dump && cellar load copy < dump", location: location)
            let (dump, again) = (scratch.shell("cat dump"), scratch.shell("cellar dump copy --format json"))
            #expect(dump == again, sourceLocation: location)
            #expect(scratch.shell("cellar check copy", location: location).contains("the store is whole"))
            // From the disk alone, and over what is there.
            scratch.shell(
                "cellar load copy dump --replace && cellar dump copy --format json | cmp - dump", location: location)
            try Store.remove(scratch.directory + "/copy")
            return dump
        }

        @Test func valuesAndArraysOfAllTypes() throws {
            try withScratchStore { scratch in
                for (name, type, value) in [
                    ("i8", "int8", "-128"), ("u64", "uint64", "18446744073709551615"),
                    ("i128", "int128", "-170141183460469231731687303715884105728"),
                    ("u128", "uint128", "340282366920938463463374607431768211455"), ("f16", "float16", "0.1"),
                    ("f", "float", "1.1754944e-38"), ("d", "double", "-0.0"), ("nan", "double", "nan"),
                    ("b", "bool", "true"), ("id", "uuid", "00112233-4455-6677-8899-aabbccddeeff"),
                    ("text", "string<40>", "\"é\"\\\n\u{1}\u{2028}{1, 2}"), ("digits", "string<8>", "12"),
                    ("lanes", "simd<float, 3>", "[1, 2.5, \"-inf\"]"), ("inline", "array<int16, 3>", "[1, -2, 3]"),
                    (
                        "pose", "{x: double @0, tag: string<6> @8, p: array<{a: int8 @0, b: bool @1}, 2> @16}",
                        #"{x: 0.1, tag: "a,b", p: [{a: 1, b: true}, {a: 2, b: false}]}"#
                    ),
                    ("kind", #"enum<1>{idle = 1 "", busy = 2 "b"}"#, "busy"),
                ] {
                    try scratch.tool("new", scratch.path, name, "--type", type, "--value", value)
                    try scratch.tool("new", scratch.path, name + "s", "--type", type, "--value", value, "--count", "3")
                }
                try scratch.tool("new", scratch.path, "many", "--type", "int", "--count", "100000", "--volatile")
                try scratch.tool("set", scratch.path, "many[99999]", "7")
                let dump = try roundTrip(scratch)
                #expect(dump.contains(#""type": "double", "persistent": true, "value": -0.0}"#))
                #expect(dump.split(separator: "\n").count == 33)
            }
        }

        @Test func entries() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let words = try store.dictionary("words", keys: String.self, values: Int.self)
                for number in 0..<500 { try words.set(number, for: "word \(number) \"é\"") }
                try store.dictionary("points", keys: SIMD2<Int32>.self, values: [UInt8].self).set(
                    [1, 255], for: [1, -2])
                try store.dictionary("points", keys: SIMD2<Int32>.self, values: [UInt8].self).set([], for: [3, 4])
                _ = try store.dictionary(
                    "cache", keys: Int.self, values: Float.self, capacity: 100, expires: true, persistence: .volatile)
                try store.table("t", keys: String.self, values: Triple.self).set(Triple(5), for: "five")
                try store.table("bytes", keys: [UInt8].self, values: [UInt8].self).set([1], for: [0, 255])
                _ = try store.table("empty", keys: Int.self, values: String.self)
                try store.multimap("m", keys: Int16.self, values: Double.self).insert(-0.5, for: -7)
                try store.multimap("m", keys: Int16.self, values: Double.self).insert(2, for: -7)
                for (key, type, text, value) in [
                    ("date", "json", "-12.5", "{\"a\": [null, \"é\", 1e400]}"),
                    ("uuid", "string", "00112233-4455-6677-8899-aabbccddeeff", "12"),
                    ("(string, int64)", "string<5>", "[\"a\", -3]", "\"x\""),
                    ("bool", "uuid", "true", "00112233-4455-6677-8899-aabbccddeeff"),
                    ("double", "int8", "nan", "-1"),
                ] {
                    try scratch.tool("new", scratch.path, key, "--table", "--key", key, "--type", type)
                    try scratch.tool("set", scratch.path, key, text, value)
                }
                let codec = TableCodec<Int>(
                    type: "of-mine", encode: { [UInt8(truncatingIfNeeded: $0)] }, decode: { Int($0[0]) })
                try store.table("mine", keys: Int.self, values: Int.self, codec: codec).set(200, for: 1)
                let dump = try roundTrip(scratch)
                #expect(dump.contains(#""capacity": 100, "expires": true}"#))
                #expect(dump.contains(#"{"name": "mine", "kind": "table", "key": 1, "value": "c8"}"#))
                scratch.shell("cellar load copy dump")
                let copy = try scratch.open(at: scratch.directory + "/copy")
                #expect(try copy.table("mine", keys: Int.self, values: Int.self, codec: codec).value(for: 1) == 200)
                #expect(try copy.dictionary("words", keys: String.self, values: Int.self).count == 500)
            }
        }

        /// Entries expire when they would have.
        @Test func entriesThatExpire() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let pages = try store.dictionary("pages", keys: String.self, values: Int.self, expires: true)
                try pages.set(1, for: "stays")
                try pages.set(2, for: "hour", timeToLive: .seconds(3600))
                let bytes = try store.dictionary("bytes", keys: SIMD2<Int32>.self, values: [UInt8].self, expires: true)
                try bytes.set([1], for: [1, 2], timeToLive: .seconds(7200))
                let dump = try roundTrip(scratch)
                let line = try #require(dump.split(separator: "\n").first { $0.contains("hour") })
                #expect(line.contains(#""key": "hour", "value": 2, "expires_at": 1"#), "\(line)")
                #expect(!dump.contains(#""key": "stays", "value": 1, "#))
                // One whose time has passed, and one that has little left.
                scratch.shell(
                    #"sed 's/"hour", "value": 2, "expires_at": .*/"hour", "value": 2, "expires_at": 1000}/' dump > past"#
                )
                scratch.shell("cellar load copy past")
                #expect(scratch.shell("cellar scan copy pages") == "stays\t1\n")
                try Store.remove(scratch.directory + "/copy")
                let soon = WallClock.now + 1500
                scratch.shell(#"sed 's/"expires_at": [0-9]*/"expires_at": \#(soon)/' dump > soon"#)
                scratch.shell("cellar load copy soon")
                let copy = try scratch.open(at: scratch.directory + "/copy")
                try settle {
                    try copy.dictionary("pages", keys: String.self, values: Int.self, expires: true).value(for: "hour")
                        == nil
                }
                #expect(WallClock.now >= soon)
                #expect(
                    try copy.dictionary("pages", keys: String.self, values: Int.self, expires: true).value(for: "stays")
                        == 1)
                // From disk alone, what has expired is not there either.
                try copy.sync()
                scratch.closeAll()
                try Store.discardSegment(of: scratch.directory + "/copy")
                #expect(scratch.shell("cellar scan copy pages") == "stays\t1\n")
                #expect(!scratch.shell("cellar dump copy --format json").contains("hour"))
                // A dictionary whose entries stay has none that expire.
                scratch.shell(#"sed 's/, "expires": true//' dump > stays"#)
                #expect(scratch.shell("cellar load other stays", ends: 65).contains("cannot expire"))
            }
        }

        /// Items keep their places and all that is known of them; a lease is its holder's.
        @Test func queues() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let options = QueueOptions(capacity: 200, priorities: 3, maximumDeliveries: 2)
                let jobs = try store.queue("jobs", of: String.self, options: options)
                for number in 0..<20 { try jobs.put("job \(number)", priority: number % 3) }
                _ = try jobs.get(upTo: 2)
                // Back in its place, delivered once.
                try jobs.lease()?.reject()
                // Set aside.
                try jobs.put("bad", priority: 2)
                for _ in 0..<2 { try jobs.lease()?.reject() }
                try jobs.put("later", delay: .seconds(3600))
                let closed = try store.queue("closed", of: Int.self, options: QueueOptions(persistence: .volatile))
                try closed.put(3)
                try closed.close()
                let dump = try roundTrip(scratch)
                for part in [#""state": "dead""#, #""state": "delayed""#, #""deliveries": 2"#, #""closed": true"#] {
                    #expect(dump.contains(part), "\(part)")
                }
                let lease = try #require(try jobs.lease())
                scratch.shell("cellar dump store --format json | cellar load copy")
                let copy = try scratch.open(at: scratch.directory + "/copy")
                let again = try copy.queue("jobs", of: String.self)
                let second = try #require(try again.lease())
                #expect(second.element == lease.element && second.sequence == lease.sequence)
                #expect(second.deliveries == lease.deliveries + 1)
                try lease.reject()
                try second.reject()
                // The rest comes out in the same order, and what is put next comes after all.
                try jobs.put("last")
                try again.put("last")
                #expect(try again.get(upTo: 100) == jobs.get(upTo: 100))
                #expect(try copy.queue("closed", of: Int.self).isClosed)
            }
        }

        /// What was put and is gone has had its numbers: none is given again.
        @Test(arguments: [true, false]) func theNextOfAQueue(isOnDisk: Bool) throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let jobs = try store.queue("jobs", of: Int.self)
                try jobs.put(contentsOf: [1, 2, 3, 4, 5])
                #expect(try jobs.get(upTo: 4) == [1, 2, 3, 4])
                let empty = try store.queue("empty", of: Int.self)
                try empty.put(1)
                #expect(try empty.get() == 1)
                _ = try store.queue("new", of: Int.self)
                try store.sync()
                if isOnDisk {
                    scratch.closeAll()
                    try Store.discardSegment(of: scratch.path)
                }
                let dump = try roundTrip(scratch)
                for (name, next) in [("jobs", 6), ("empty", 2), ("new", 1)] {
                    let heading = try #require(dump.split(separator: "\n").first { $0.contains("\"\(name)\"") })
                    #expect(heading.hasSuffix(#""closed": false, "next_sequence": \#(next)}"#), "\(heading)")
                }
                scratch.shell("cellar load copy dump; cellar put copy jobs 6; cellar put copy empty 2")
                let again = scratch.shell("cellar dump copy --format json")
                #expect(again.contains(#""sequence": 6, "#) && again.contains(#""sequence": 2, "#), "\(again)")
            }
        }

        @Test func logsListsAndBlocks() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let log = try store.log(
                    "log", of: String.self, options: LogOptions(capacity: 10, retainedByteCount: 500))
                for number in 0..<25 { try log.append("entry \(number)\n\"é\"") }
                try log.group("slow").seek(to: 17)
                _ = try log.group("quick", from: 25)
                _ = try store.log("none", of: Int.self)
                let list = try store.list("list", of: Triple.self, capacity: 9000)
                try list.append(contentsOf: (0..<6000).map { Triple($0) })
                try store.block("block", byteCount: 3000).write((0..<3000).map { UInt8(truncatingIfNeeded: $0) })
                _ = try store.pipe("pipe", capacity: 128)
                let dump = try roundTrip(scratch)
                #expect(dump.contains(#"{"groups": {"slow": 17, "quick": 25}, "entries": [{"offset": 15, "#))
                scratch.shell("cellar load copy dump")
                let copy = try scratch.open(at: scratch.directory + "/copy").log("log", of: String.self)
                #expect(try copy.append("next") == 25)
                #expect(try copy.group("slow").next(upTo: 100).map(\.offset) == Array(17...25))
                // What only the disk has is in a dump too.
                try store.sync()
                scratch.closeAll()
                try Store.discardSegment(of: scratch.path)
                #expect(scratch.shell("grep -v pipe dump") == scratch.shell("cellar dump store --format json"))
            }
        }

        @Test func locksAndSignals() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                // Before its mutex, by name.
                _ = try store.condition("condition", of: store.mutex("guard"))
                _ = try store.recursiveMutex("recursive")
                _ = try store.readWriteLock("rw")
                try store.semaphore("semaphore", count: 2, bound: 9).release(3)
                try store.semaphore("semaphore", count: 2, bound: 9).acquire(1)
                try store.event("set").set()
                _ = try store.event("clear")
                _ = try store.barrier("barrier", parties: 7)
                try store.latch("latch", count: 5).countDown(by: 2)
                try store.once("done").perform {}
                _ = try store.once("not done")
                let dump = try roundTrip(scratch)
                for line in [
                    #"{"name": "condition", "kind": "condition", "persistent": false, "mutex": "guard"}"#,
                    #"{"name": "latch", "kind": "latch", "type": "latch count=5", "persistent": false, "value": 3}"#,
                    #"{"name": "semaphore", "kind": "semaphore", "type": "semaphore count=2 bound=9", "persistent": false, "value": 5}"#,
                ] { #expect(dump.contains(line + "\n"), "\(dump)") }
                scratch.shell("cellar load copy dump")
                let copy = try scratch.open(at: scratch.directory + "/copy")
                _ = try copy.condition("condition", of: copy.mutex("guard"))
                #expect(try copy.semaphore("semaphore", count: 2, bound: 9).available == 5)
                #expect(try copy.event("set").isSet && copy.once("done").isDone && !copy.once("not done").isDone)
            }
        }

        // MARK: What cannot be taken

        @Test func whatIsThereIsRefused() throws {
            try withScratchStore { scratch in
                try scratch.tool("new", scratch.path, "a", "--type", "int", "--value", "1")
                try scratch.tool("new", scratch.path, "t", "--table", "--key", "int64", "--type", "int")
                scratch.shell("cellar dump store --format json > dump")
                try scratch.tool("set", scratch.path, "a", "2")
                let refused = scratch.shell("cellar load store dump", ends: 73)
                #expect(
                    refused.hasPrefix("cellar: line 1: there is a cell 'a' already") && refused.contains("--replace"))
                #expect(try scratch.tool("get", scratch.path, "a") == "2\n")
                let table = scratch.shell("tail -n 1 dump | cellar load store", ends: 73)
                #expect(table.hasPrefix("cellar: line 1: there is a table 't' already"))
                scratch.shell("cellar load store dump --replace")
                #expect(try scratch.tool("get", scratch.path, "a") == "1\n")
                #expect(scratch.shell("cellar load store none", ends: 66).contains("cannot read 'none'"))
            }
        }

        @Test func theLineAtFaultIsNamed() throws {
            try withScratchStore { scratch in
                let heading = #"{"name": "t", "kind": "table", "key_type": "int8", "type": "int8"}"#
                func entry(_ key: Int) -> String { #"{"name": "t", "kind": "table", "key": \#(key), "value": 1}"# }
                let queue =
                    #"{"name": "q", "kind": "queue", "type": "int8", "persistent": true, "closed": false, "form": "queue capacity=2 priorities=1 room=1 lease=0 deliveries=0 element=int8"}"#
                func item(_ sequence: Int, _ value: String = "1") -> String {
                    #"{"name": "q", "kind": "queue", "state": "ready", "sequence": \#(sequence), "priority": 0, "deliveries": 0, "put_at": 1, "due": 0, "value": \#(value)}"#
                }
                let value = #"{"name": "v", "kind": "value", "type": "int8", "persistent": true, "value": "#
                let array = #"{"name": "v", "kind": "array", "type": "int8", "count": 3, "persistent": true, "value": "#
                for (lines, number, part) in [
                    (["", "{\"name\": 3", "x"], 2, "is no JSON"), (["[1]"], 1, "'{' is missing"),
                    ([#"{"kind": "value"}"#], 1, "'name' is missing"),
                    ([#"{"name": "x", "kind": "thing"}"#], 1, "is no kind"),
                    ([value + "1}", value + "2}"], 2, "is there twice"), ([value + "300}"], 1, "cannot be '300'"),
                    ([value + "1} 2"], 1, "something follows"), ([value + "null}"], 1, "cannot be 'null'"),
                    ([array + "[1, 2]}"], 1, "2 values for 3"), ([array + "[1, 2, 3, 4]}"], 1, "4 values for 3"),
                    ([entry(1)], 1, "no line right before"),
                    ([heading, entry(1), entry(2), entry(300), entry(4)], 4, "cannot be '300'"),
                    ([heading, entry(1), value + "1}", entry(2)], 4, "no line right before"),
                    ([queue, item(1), item(1)], 3, "cannot have the sequence 1"),
                    ([queue, item(3), item(1, "true")], 3, "cannot be 'true'"),
                    ([String(repeating: "[", count: 100_000)], 1, "is cut off"),
                ] {
                    try scratch.write(lines.joined(separator: "\n") + "\n", to: "lines")
                    let error = scratch.shell("cellar load new lines", ends: 65)
                    #expect(
                        error.hasPrefix("cellar: line \(number): ") && error.contains(part)
                            && error.split(separator: "\n").count == 1, "\(lines.prefix(5)): \(error)")
                    #expect(scratch.shell("cellar check new").contains("the store is whole"))
                    try Store.remove(scratch.directory + "/new")
                }
                try scratch.write([queue, item(1), item(2), item(3)].joined(separator: "\n"), to: "lines")
                #expect(
                    scratch.shell("cellar load new lines", ends: 74).hasPrefix(
                        "cellar: line 4: the queue 'q' has room for 2"))
                try Store.remove(scratch.directory + "/new")
                // What came before stays.
                try scratch.write(value + "1}\nx", to: "lines")
                scratch.shell("cellar load new lines", ends: 65)
                #expect(scratch.shell("cellar get new v") == "1\n")
                try Store.remove(scratch.directory + "/new")
            }
        }
    }
}

private enum WallClock {
    /// Milliseconds since 1970.
    static var now: Int {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }
}

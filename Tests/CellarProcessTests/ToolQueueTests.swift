import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// What the tool makes of queues.
    @Suite struct ToolQueues {
        @Test func puttingAndTaking() throws {
            try withScratchStore { scratch in
                let path = scratch.path
                try scratch.tool(
                    "new", path, "jobs", "--queue", "--type", "json", "--capacity", "4", "--priorities", "2")
                try scratch.tool("new", path, "jobs", "--queue", "--type", "json", ends: 73)
                try scratch.tool("put", path, "jobs", "{\"a\": 1}", "[2]")
                try scratch.tool("put", path, "jobs", "3", "--priority", "1", "--sync")
                try scratch.tool("put", path, "jobs", "no json", ends: 65)
                try scratch.tool("put", path, "jobs", "1", "--priority", "2", ends: 65)
                try scratch.tool("put", path, "jobs", "4", "not put: no json", ends: 65)
                let full = try scratch.tool("put", path, "jobs", "4", "5", "--timeout", "1ms", ends: 74)
                #expect(full.contains("1 of 2 elements were put"))
                #expect(try scratch.tool("take", path, "jobs", "--peek") == "3\n{\"a\": 1}\n[2]\n4\n")
                #expect(try scratch.tool("take", path, "jobs", "--peek", "--count", "1", "--json") == "3\n")
                #expect(try scratch.tool("take", path, "jobs", "--sync") == "3\n")
                #expect(try scratch.tool("take", path, "jobs", "--count", "2") == "{\"a\": 1}\n[2]\n")
                #expect(try scratch.tool("take", path, "jobs") == "4\n")
                #expect(try scratch.tool("take", path, "jobs", "--timeout", "0s", ends: 74).contains("nothing came"))
                let store = try scratch.open()
                try store.untypedQueue("jobs").put(["9"])
                try store.untypedQueue("jobs").close(for: store)
                #expect(try scratch.tool("take", path, "jobs", "--count", "5") == "9\n")
                #expect(try scratch.tool("take", path, "jobs", ends: 66).contains("is closed"))
                #expect(try scratch.tool("put", path, "jobs", "1", ends: 74).contains("was closed"))
                try scratch.tool("take", path, "none", ends: 66)
                _ = try store.value("number", initial: 1)
                try scratch.tool("take", path, "number", ends: 65)
                try scratch.tool("put", path, "jobs", "1", "--delay", "soon", ends: 64)
                try scratch.tool("take", path, "jobs", "--count", "0", ends: 64)
                try scratch.tool("new", path, "n", "--type", "int", "--capacity", "3", ends: 64)
                try scratch.tool("new", path, "n", "--queue", "--type", "what", ends: 64)
                try scratch.tool("new", path, "n", "--queue", "--type", "int", "--priorities", "65", ends: 64)
            }
        }

        /// The tool and a program have the same queue, of elements of all kinds.
        @Test func elementsOfPrograms() throws {
            try withScratchStore { scratch in
                let (store, path) = (try scratch.open(), scratch.path)
                try scratch.tool("new", path, "numbers", "--queue", "--type", "int", "--volatile")
                let numbers = try store.queue("numbers", of: Int.self)
                try scratch.tool("put", path, "numbers", "--", "-5", "7")
                #expect(try numbers.get(upTo: 5) == [-5, 7])
                let texts = try store.queue("texts", of: String.self, options: QueueOptions(maximumByteCount: 8))
                try scratch.tool("put", path, "texts", "zwölf", "")
                #expect(try texts.get(upTo: 5) == ["zwölf", ""])
                #expect(try scratch.tool("put", path, "texts", "too long for it", ends: 65).contains("room for 8"))
                let bytes = try store.queue("bytes", of: [UInt8].self)
                try bytes.put([1, 0xAB])
                #expect(try scratch.tool("take", path, "bytes") == "01ab\n")
                let triples = try store.queue("triples", of: Triple.self)
                try scratch.tool("put", path, "triples", "{first: 3, second: 3, third: 3}")
                #expect(try triples.get() == Triple(3))
                try scratch.tool("put", path, "triples", "{first: 3}", ends: 65)
            }
        }

        @Test func figures() throws {
            try withScratchStore { scratch in
                let (store, path) = (try scratch.open(), scratch.path)
                let queue = try store.queue(
                    "jobs", of: Int.self,
                    options: QueueOptions(capacity: 16, priorities: 2, leaseTime: .seconds(60), maximumDeliveries: 1))
                try queue.put(contentsOf: 1...5)
                try queue.put(6, priority: 1)
                try queue.put(7, delay: .seconds(3600))
                _ = try queue.get()
                try queue.lease()?.reject()
                _ = try queue.lease()
                let before = try Store.check(path).findings
                #expect(before == [])
                #expect(
                    try scratch.tool("ls", path).contains(#/jobs  queue  5 +[0-9.]+ [A-Za-z]+ +persistent  int64/#))
                let json = try scratch.tool("stat", path, "jobs", "--json")
                for part in [
                    #""capacity": 16, "priorities": 2, "lease_milliseconds": 60000, "maximum_deliveries": 1"#,
                    #""closed": false, "ready": 3, "delayed": 1, "leased": 1, "dead": 1, "taken": 1, "#,
                    #""deliveries": 1, "process": \#(getpid()), "#,
                ] { #expect(json.contains(part), "\(json)") }
                #expect(try scratch.tool("get", path, "jobs", "--json").contains(#""dead": 1"#))
                let text = try scratch.tool("stat", path, "jobs")
                #expect(text.contains("process \(getpid())") && text.contains("ready            3"), "\(text)")
                let dump = try scratch.tool("dump", path)
                #expect(
                    dump == """
                        jobs (queue, int64), 6 of 16 items
                          ready\t#3\t3
                          ready\t#4\t4
                          ready\t#5\t5
                          delayed\t#7\t7
                          leased\t#2\t2
                          dead\t#1\t1

                        """, "\(dump)")
                let lines = try scratch.tool("dump", path, "--format", "json").split(separator: "\n")
                #expect(lines.count == 7)
                #expect(
                    lines[0].hasPrefix(
                        #"{"name": "jobs", "kind": "queue", "type": "int64", "persistent": true, "form": "#))
                #expect(
                    lines.dropFirst().first?.contains(
                        #"{"name": "jobs", "kind": "queue", "state": "ready", "sequence": 3, "priority": 0, "deliveries": 0, "#
                    ) == true, "\(lines)")
                try scratch.tool("mv", path, "jobs", "tasks")
                try scratch.tool("rm", path, "tasks")
                try scratch.tool("stat", path, "tasks", ends: 66)
            }
        }

        /// Of a store at rest the tool shows what memory or the disk has, and changes no byte.
        @Test(arguments: [true, false]) func lookingChangesNothing(inMemory: Bool) throws {
            try withScratchStore { scratch in
                let (store, path) = (try scratch.open(), scratch.path)
                let queue = try store.queue("jobs", of: Int.self, options: QueueOptions(capacity: 3000))
                try queue.put(contentsOf: 0..<2500)
                _ = try queue.lease(upTo: 3)
                try store.sync()
                let segment = Files.segmentPath(try store.statistics().identity)
                scratch.closeAll()
                if !inMemory { try Store.discardSegment(of: path) }
                func bytes() -> [[UInt8]] {
                    ["\(path)/data.mdb", "\(path)/lock.mdb"].map { Files.read($0) }
                        + (inMemory ? [Files.read(segment)] : [])
                }
                let (names, before) = (Files.names(path).sorted(), bytes())
                let figures = try scratch.tool("stat", path, "jobs", "--json")
                // Leases went with their holder, or with the memory.
                #expect(figures.contains(inMemory ? #""leased": 3"# : #""ready": 2500, "delayed": 0, "leased": 0"#))
                if inMemory { #expect(figures.contains(#""process": null"#), "\(figures)") }
                #expect(try scratch.tool("dump", path, "--all").split(separator: "\n").count == 2501)
                #expect(try scratch.tool("take", path, "jobs", "--peek").split(separator: "\n").count >= 2497)
                #expect(try scratch.tool("ls", path).contains("jobs  queue  2500"))
                try scratch.tool("check", path)
                #expect(Files.names(path).sorted() == names)
                #expect(bytes() == before)
                #expect(Files.exists(segment) == inMemory)
                // Who takes brings it into memory.
                #expect(try scratch.tool("take", path, "jobs", "--count", "2") == "0\n1\n")
            }
        }

        /// An element is gone once it is written.
        ///
        /// This test used to kill the taker right after its line was read, which is before it acknowledges it as often as not:
        /// the element then came back, rightly, and the last wait was for ever.
        @Test func whatIsWrittenIsTaken() throws {
            try withScratchStore { scratch in
                let queue = try scratch.open().queue("jobs", of: Int.self)
                let taker = try Worker(command: [
                    Worker.buildDirectory + "/cellar", "take", scratch.path, "jobs", "--count", "2",
                ])
                try queue.put(1)
                try taker.expect("1")
                try queue.join(timeout: .seconds(60))
                taker.kill()
                try queue.put(2)
                #expect(try queue.get() == 2)
                try queue.taskDone()
                try queue.join(timeout: .seconds(60))
            }
        }

        /// An element whose taker is killed while it writes goes back.
        @Test func whatIsNotWrittenIsNotTaken() throws {
            try withScratchStore { scratch in
                let options = QueueOptions(capacity: 2, maximumByteCount: 4 << 20)
                let queue = try scratch.open().queue("jobs", of: String.self, options: options)
                // More than there is room for on the way to a reader that does not read.
                let long = String(repeating: "x", count: 4 << 20)
                try queue.put(long)
                let taker = try Worker(command: [Worker.buildDirectory + "/cellar", "take", scratch.path, "jobs"])
                try settle { try scratch.open().untypedQueue("jobs").items().contains { $0.info.state == .leased } }
                taker.kill()
                let again = try #require(try queue.lease(timeout: .seconds(60)))
                let isTheSame = again.element == long
                #expect(isTheSame)
                #expect(again.deliveries == 2)
            }
        }

        /// Nor is one that there is no room for where it is written to.
        @Test func whatCannotBeWrittenIsNotTaken() throws {
            try withScratchStore { scratch in
                let queue = try scratch.open().queue("jobs", of: Int.self)
                try queue.put(contentsOf: [1, 2])
                let command =
                    "exec '\(Worker.buildDirectory)/cellar' take '\(scratch.path)' jobs 2> /dev/null > /dev/full"
                #expect(try Worker(command: ["/bin/sh", "-c", command]).wait() == .exit(74))
                let again = try #require(try queue.tryLease())
                #expect(again.element == 1)
                #expect(again.deliveries == 2)
            }
        }
    }
}

extension UntypedQueue {
    fileprivate func close(for store: Store) throws {
        try store.queue(
            info.name, of: String.self,
            codec: TableCodec(
                type: elementType, encode: { Array($0.utf8) }, decode: { String(decoding: $0, as: UTF8.self) })
        ).close()
    }
}

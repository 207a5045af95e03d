import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// The tool runs commands: with a lock, with values, with elements of a queue.
    @Suite struct ToolCommands {
        private func start(_ scratch: ScratchStore, _ arguments: String...) throws -> Worker {
            try Worker(command: [Worker.buildDirectory + "/cellar"] + arguments)
        }

        // MARK: lock

        @Test func aCommandHoldsTheLock() throws {
            try withScratchStore { scratch in
                let (store, path) = (try scratch.open(), scratch.path)
                let holder = try start(scratch, "lock", path, "m", "--", "sh", "-c", "echo held; read line; exit 3")
                try holder.expect("held")
                #expect(try store.mutex("m").withLockIfAvailable { true } == nil)
                try scratch.tool("lock", path, "m", "--nonblocking", "--", "true", ends: 75)
                #expect(
                    try scratch.tool("lock", path, "m", "--timeout", "1ms", "-E", "9", "--", "true", ends: 9).contains(
                        "'m'"))
                holder.send()
                #expect(try holder.wait() == .exit(3))
                #expect(try store.mutex("m").withLockIfAvailable { true } == true)
                #expect(try scratch.tool("lock", path, "m", "--nonblocking", "--", "echo", "-n", "--", "in") == "-- in")
            }
        }

        @Test func itEndsAsTheCommandDoes() throws {
            try withScratchStore { scratch in
                let path = scratch.path
                try scratch.tool("lock", path, "m", "--", "sh", "-c", "kill -9 $$", ends: 137)
                #expect(
                    try scratch.tool("lock", path, "m", "--", "no-such-command", ends: 127).contains(
                        "cannot run 'no-such-command'"))
                try scratch.tool("lock", path, "m", "--", "/", ends: 126)
                try scratch.tool("lock", path, "m", ends: 64)
                try scratch.tool("lock", path, "m", "--timeout", "1s", "--nonblocking", "--", "true", ends: 64)
                // Signals are for the command, and for who waits for the lock.
                let holder = try start(
                    scratch, "lock", path, "m", "--", "sh", "-c",
                    "sleep 60 & trap 'kill $!; echo term; exit 7' TERM; echo held; wait")
                try holder.expect("held")
                let waiter = try start(scratch, "lock", path, "m", "--", "true")
                try settle { try scratch.open().attachments().contains { $0.processID == waiter.processID } }
                waiter.signal(SIGTERM)
                #expect(try waiter.wait() == .signal(SIGTERM))
                holder.signal(SIGTERM)
                try holder.expect("term")
                #expect(try holder.wait() == .exit(7))
            }
        }

        /// Killed, it holds nothing; the next is told, until one has come through.
        @Test func theLockOfOneThatIsKilled() throws {
            try withScratchStore { scratch in
                let path = scratch.path
                let command = ["sh", "-c", "echo holder died: $CELLAR_HOLDER_DIED; exit 1"]
                let holder = try start(scratch, "lock", path, "m", "--", "sh", "-c", "echo held; read line")
                try holder.expect("held")
                holder.signal(SIGKILL)
                let next = try Tool.run(
                    (["lock", path, "m", "--"] + command).map { Array($0.utf8) }, in: scratch.directory)
                #expect(next.status == 1 && next.output == "holder died: 1\n")
                #expect(next.errors.hasPrefix("cellar: a process died while it held the mutex 'm'"))
                // It failed: what the dead one left may still be as it was.
                #expect(
                    try scratch.tool("lock", path, "m", "--nonblocking", "--", "sh", "-c", "echo $CELLAR_HOLDER_DIED")
                        == "1\n")
                #expect(try scratch.tool("lock", path, "m", "--", "sh", "-c", "echo $CELLAR_HOLDER_DIED") == "\n")
            }
        }

        @Test func readersAndPermits() throws {
            try withScratchStore { scratch in
                let (store, path) = (try scratch.open(), scratch.path)
                let reader = try start(
                    scratch, "lock", path, "rw", "--shared", "--", "sh", "-c", "echo held; read line")
                try reader.expect("held")
                try scratch.tool("lock", path, "rw", "--shared", "--nonblocking", "--", "true")
                try scratch.tool("lock", path, "rw", "--nonblocking", "--", "true", ends: 75)
                reader.kill()
                try scratch.tool("lock", path, "rw", "--timeout", "60s", "--", "true")
                let permits = try store.semaphore("s", count: 3)
                let user = try start(
                    scratch, "lock", path, "s", "--permits", "2", "--", "sh", "-c", "echo held; read line")
                try user.expect("held")
                try scratch.tool("lock", path, "s", "--nonblocking", "--", "true")
                try scratch.tool("lock", path, "s", "--permits", "2", "--nonblocking", "--", "true", ends: 75)
                user.send()
                #expect(try user.wait() == .exit(0))
                #expect(permits.available == 3)
                try scratch.tool("lock", path, "none", "--permits", "2", "--", "true", ends: 66)
                _ = try store.event("e")
                try scratch.tool("lock", path, "e", "--", "true", ends: 65)
                try scratch.tool("lock", path, "s", "--shared", "--", "true", ends: 65)
            }
        }

        // MARK: with-env

        @Test func valuesInTheEnvironment() throws {
            try withScratchStore { scratch in
                let path = scratch.path
                try scratch.tool(
                    "new", path, "pose", "--type", "{x: double @0, tag: string<9> @8}", "--value",
                    "{x: 1.5, tag: \"a b\"}")
                try scratch.tool("new", path, "steps", "--type", "int", "--count", "3", "--value", "7")
                try scratch.tool("new", path, "hosts", "--table", "--key", "string", "--type", "string")
                try scratch.tool("set", path, "hosts", "main", "10.0.0.1")
                let command = ["sh", "-c", "echo \"$A|$B|$C|$D|$E|$F\"; exit 5"]
                let variables = ["A=pose.x", "B=pose.tag", "C=steps[1]", "D=steps", "E=hosts[main]", "F=pose"]
                func run(_ options: [String]) throws -> Tool.Run {
                    try Tool.run(
                        (["with-env", path] + options + variables + ["--"] + command).map { Array($0.utf8) },
                        in: scratch.directory)
                }
                let seen = try run([])
                #expect(seen.status == 5)
                #expect(seen.output == #"1.5|a b|7|[7, 7, 7]|10.0.0.1|{"x": 1.5, "tag": "a b"}"# + "\n")
                #expect(try run(["--json"]).output.hasPrefix(#"1.5|"a b"|7|[7, 7, 7]|"10.0.0.1"|"#))
                try scratch.tool("with-env", path, "A=none", "--", "true", ends: 66)
                try scratch.tool("with-env", path, "A=hosts[none]", "--", "true", ends: 66)
                try scratch.tool("with-env", path, "A=pose.y", "--", "true", ends: 65)
                try scratch.tool("with-env", path, "A=pose.x", ends: 64)
                try scratch.tool("with-env", path, "A=pose.x", "--", "no-such-command", ends: 127)
                // The command takes the place of the tool.
                let process = try start(
                    scratch, "with-env", path, "A=pose.x", "--", "sh", "-c", "echo $$; read line; kill -9 $$")
                #expect(try process.line() == "\(process.processID)")
                process.send()
                #expect(try process.wait() == .signal(SIGKILL))
            }
        }

        // MARK: take

        @Test func elementsGoToACommand() throws {
            try withScratchStore { scratch in
                let path = scratch.path
                try scratch.tool("new", path, "jobs", "--queue", "--type", "json", "--maximum-deliveries", "2")
                try scratch.tool("put", path, "jobs", "1", "{\"a\": 2}", "3")
                let command =
                    "read line; echo \"$CELLAR_SEQUENCE $CELLAR_DELIVERIES $line\"; case $line in *a*) exit 4;; esac"
                #expect(try scratch.tool("take", path, "jobs", "--", "sh", "-c", command) == "1 1 1\n")
                let failed = try Tool.run(
                    ["take", path, "jobs", "--all", "--", "sh", "-c", command].map { Array($0.utf8) },
                    in: scratch.directory)
                #expect(failed.status == 4 && failed.output == "2 1 {\"a\": 2}\n")
                // In its place again; the second time it is set aside.
                try scratch.tool("take", path, "jobs", "--count", "2", "--", "sh", "-c", command, ends: 4)
                #expect(try scratch.tool("take", path, "jobs", "--all", "--", "sh", "-c", command) == "3 1 3\n")
                #expect(try scratch.tool("take", path, "jobs", "--all", "--", "false") == "")
                #expect(try scratch.tool("queue", path, "jobs", "--retry-dead") == "1 item to be delivered again\n")
                // Later, and on with the others.
                try scratch.tool("put", path, "jobs", "5")
                #expect(
                    try scratch.tool("take", path, "jobs", "--all", "--retry-delay", "1h", "--", "sh", "-c", command)
                        == "2 1 {\"a\": 2}\n4 1 5\n")
                let depth = try scratch.open().untypedQueue("jobs").depth()
                #expect(depth.delayed == 1 && depth.ready == 0 && depth.dead == 0)
                // A command that does not read, and one that is not there.
                try scratch.tool("put", path, "jobs", "6")
                try scratch.tool("take", path, "jobs", "--", "no-such-command", ends: 127)
                try scratch.tool("take", path, "jobs", "--", "true")
                try scratch.tool("take", path, "jobs", "--peek", "--", "true", ends: 64)
                try scratch.tool("take", path, "jobs", "--all", "--count", "2", ends: 64)
            }
        }

        /// The lease is kept for as long as the command takes, and is over with the tool.
        @Test func theLeaseOfACommand() throws {
            try withScratchStore { scratch in
                let queue = try scratch.open().queue(
                    "jobs", of: Int.self, options: QueueOptions(leaseTime: .milliseconds(300)))
                try queue.put(1)
                let taker = try start(scratch, "take", scratch.path, "jobs", "--", "sh", "-c", "echo begun; sleep 1")
                try taker.expect("begun")
                // Sees it if it comes back; it does not.
                #expect(codeThrown { _ = try queue.lease(timeout: .milliseconds(900)) } == .timedOut)
                #expect(try taker.wait() == .exit(0))
                try queue.join(timeout: .seconds(60))
                try queue.put(2)
                // Ended by the test alone: a command that is done before the signal comes has had its element.
                scratch.shell("mkfifo go")
                let command = "echo begun; read line < '\(scratch.directory)/go'"
                let killed = try start(scratch, "take", scratch.path, "jobs", "--", "sh", "-c", command)
                defer { scratch.shell("echo 1<> go") }
                try killed.expect("begun")
                killed.signal(SIGKILL)
                #expect(try queue.lease(timeout: .seconds(60))?.element == 2)
            }
        }

        /// More than there is room for on the way to a command: the lease is kept and signals are passed on while it does not read.
        @Test func longElementsOfACommand() throws {
            try withScratchStore { scratch in
                let queue = try scratch.open().queue(
                    "jobs", of: String.self,
                    options: QueueOptions(capacity: 4, maximumByteCount: 1 << 20, leaseTime: .milliseconds(300)))
                let long = String(repeating: "x", count: 1 << 20)
                try queue.put(long)
                scratch.shell("mkfifo go")
                let command = "echo begun; read line < '\(scratch.directory)/go'; exit $line"
                let taker = try start(scratch, "take", scratch.path, "jobs", "--", "sh", "-c", command)
                try taker.expect("begun")
                #expect(codeThrown { _ = try queue.lease(timeout: .milliseconds(900)) } == .timedOut)
                scratch.shell("echo 0 > go")
                #expect(try taker.wait() == .exit(0))
                try queue.join(timeout: .seconds(60))
                // All of it arrives where it is read, if late.
                try queue.put(long)
                #expect(
                    try scratch.tool("take", scratch.path, "jobs", "--", "sh", "-c", "sleep 0.5; wc -c") == "1048577\n")
                try queue.put(long)
                let stopped = try start(
                    scratch, "take", scratch.path, "jobs", "--", "sh", "-c", "trap 'exit 9' TERM; \(command)")
                try stopped.expect("begun")
                stopped.signal(SIGTERM)
                #expect(try stopped.wait() == .exit(9))
                #expect(try queue.tryLease()?.deliveries == 2)
            }
        }

        @Test func closingAQueue() throws {
            try withScratchStore { scratch in
                let path = scratch.path
                try scratch.tool("new", path, "jobs", "--queue", "--type", "string", "--maximum-deliveries", "1")
                scratch.shell("printf 'one two\\n\\nthree' | cellar put store jobs --lines")
                #expect(try scratch.tool("take", path, "jobs", "--peek") == "one two\n\nthree\n")
                try scratch.tool("queue", path, "jobs", "--close", "--sync")
                #expect(try scratch.tool("put", path, "jobs", "x", ends: 74).contains("was closed"))
                try scratch.tool("take", path, "jobs", "--", "false", ends: 1)
                #expect(try scratch.tool("queue", path, "jobs", "--drop-dead") == "1 item dropped\n")
                #expect(try scratch.tool("take", path, "jobs", "--count", "9") == "\nthree\n")
                try scratch.tool("take", path, "jobs", ends: 66)
                try scratch.tool("queue", path, "jobs", "--reopen")
                try scratch.tool("put", path, "jobs", "x")
                try scratch.tool("queue", path, "jobs", ends: 64)
                try scratch.tool("queue", path, "none", "--close", ends: 66)
                try scratch.tool("put", path, "jobs", ends: 64)
            }
        }
    }
}

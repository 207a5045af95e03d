import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// What those are at who hold locks: read by a program that may be missing, or not be allowed to.
    @Suite struct ToolStacks {
        private var tool: String { Worker.buildDirectory + "/cellar" }

        /// A process that holds the mutex 'door' in its first thread; its keeper is another thread.
        private func holder(_ scratch: ScratchStore) throws -> Worker {
            let store = try scratch.open()
            try store.queue("jobs", of: Int.self).put(1)
            _ = try store.pipe("line", capacity: 128)
            let worker = try scratch.worker("have")
            try worker.expect("holding")
            return worker
        }

        @Test func theThreadThatHoldsAMutex() throws {
            try withScratchStore { scratch in
                let worker = try holder(scratch)
                let text = try scratch.tool("locks", scratch.path, "--stacks")
                #expect(text.contains("thread \(worker.processID)\n"), "\(text)")
                #expect(text.contains("cellar_test_worker.awaitLine() -> ") && text.contains(" #0 "), "\(text)")
                #expect(text.contains("Cellar.SharedMutex.withLock<"), "\(text)")
                #expect(!text.contains("Keeper") && !text.contains("no stack"), "\(text)")
                let json = try scratch.tool("locks", scratch.path, "--stacks", "--json")
                let start = #""thread": PID, "stacks": [{"thread": PID, "frames": [""#
                #expect(json.contains(start.replacing("PID", with: "\(worker.processID)")), "\(json)")
                #expect(json.contains(#", "cellar_test_worker.awaitLine() -> "#), "\(json)")
                // It goes on as if nothing had been.
                worker.send()
                #expect(try worker.wait() == .exit(0))
                #expect(!(try scratch.tool("locks", scratch.path, "--stacks")).contains("#0"))
            }
        }

        /// A semaphore's permits are the process's: all of its threads are shown, the keeper too.
        @Test func allThreadsWhereNoneIsKnown() throws {
            try withScratchStore { scratch in
                _ = try scratch.open()
                let worker = try scratch.worker("sync-act", "permits")
                try worker.expect("holding")
                let text = try scratch.tool("locks", scratch.path, "--stacks")
                #expect(text.contains("awaitLine") && text.contains("Keeper"), "\(text)")
                #expect(text.split(separator: "\n").count { $0.contains("  thread ") } > 1, "\(text)")
            }
        }

        @Test func whatIsAsked() throws {
            try withScratchStore { scratch in
                _ = try holder(scratch)
                #expect(!(try scratch.tool("locks", scratch.path)).contains("#0"))
                let json = try scratch.tool("locks", scratch.path, "--json")
                #expect(json.contains("\"thread\": ") && !json.contains("stack"), "\(json)")
            }
        }

        @Test func theDead() throws {
            try withScratchStore { scratch in
                let worker = try holder(scratch)
                scratch.closeAll()
                worker.kill()
                let text = try scratch.tool("locks", scratch.path, "--stacks")
                #expect(text.contains("(dead); no stack: gone\n"), "\(text)")
                #expect(
                    try scratch.tool("locks", scratch.path, "--stacks", "--json").contains(
                        #""stacks": [], "no_stack": "gone"}"#))
            }
        }

        @Test func aProgramThatIsNotThere() throws {
            try withScratchStore { scratch in
                _ = try holder(scratch)
                let text = scratch.shell("PATH=/nowhere; cellar locks '\(scratch.path)' --stacks")
                #expect(text.contains("; no stack: neither eu-stack nor gdb is installed\n"), "\(text)")
            }
        }

        /// One that never ends is killed; what it printed does not count.
        @Test func aProgramThatHangs() throws {
            try withScratchStore { scratch in
                let worker = try holder(scratch)
                let script =
                    "#!/bin/sh\necho $$ > '\(scratch.directory)/hung'\necho 'TID \(worker.processID):'\nexec sleep 1000\n"
                try scratch.write(script, to: "eu-stack")
                let text = scratch.shell(
                    "chmod +x eu-stack && PATH=\"$PWD:$PATH\" && cellar locks '\(scratch.path)' --stacks")
                #expect(text.contains("; no stack: eu-stack took too long\n"), "\(text)")
                let hung = try #require(pid_t(Files.text(scratch.directory + "/hung").filter(\.isNumber)))
                #expect(kill(hung, 0) == -1 && errno == ESRCH)
            }
        }

        /// gdb prints more than is wanted, and in another form.
        @Test func whatTheOtherProgramSays() throws {
            try withScratchStore { scratch in
                let worker = try holder(scratch)
                let script = """
                    #!/bin/sh
                    [ "$1 $2" = "--batch -nx" ] || exit 1
                    cat <<END
                    [New LWP 77]
                    Thread 2 (Thread 0x7f01 (LWP 77) "keeper"):
                    #0  syscall () at x.S:38

                    Thread 1 (Thread 0x7f02 (LWP \(worker.processID)) "cellar-test-wo"):
                    #0  0x00007f8ff0c5ac82 in __read (...) at read.c:26
                    #1  0x000055c293b5ec00 in \\$s6Cellar11SharedMutexV8withLock7timeout_xs8DurationVSg_xyKXEtKlF (...) at x.swift:3
                    #2  main ()
                    [Inferior 1 (process 5672) detached]
                    END
                    """
                try scratch.write(script, to: "gdb")
                let text = scratch.shell(
                    "chmod +x gdb && cat=$(command -v cat) && mkdir only && ln -s $cat only/cat && mv gdb only && PATH=\"$PWD/only\" && cellar locks '\(scratch.path)' --stacks"
                )
                let frames = text.split(separator: "\n").map { $0.drop { $0 == " " } }.filter { $0.hasPrefix("#") }
                #expect(
                    frames == [
                        "#0 __read at read.c:26",
                        "#1 Cellar.SharedMutex.withLock<A>(timeout: Swift.Optional<Swift.Duration>, _: () throws -> A) throws -> A at x.swift:3",
                        "#2 main",
                    ], "\(text)")
            }
        }

        /// Without the right to look into a process that has rights which it has not itself.
        @Test func aProcessThatDoesNotAllowIt() throws {
            guard geteuid() == 0, shell("command -v setpriv").code == 0 else { return print("not root: not tested") }
            try withScratchStore { scratch in
                _ = try holder(scratch)
                let text = scratch.shell("setpriv --bounding-set=-all '\(tool)' locks '\(scratch.path)' --stacks")
                #expect(text.contains("; no stack: not allowed\n"), "\(text)")
            }
        }
    }
}

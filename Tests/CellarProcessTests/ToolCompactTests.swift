import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// Files that get smaller, and stores that stay the same.
    @Suite struct ToolCompactTests {
        private static let count = 500_000

        /// A store whose file has some megabytes of free pages, that nobody has open.
        private func wasteful(_ scratch: ScratchStore) throws {
            let store = try scratch.open()
            _ = try store.value("kept", initial: 7)
            try store.array("waste", of: Int.self, count: Self.count).fill(1)
            try store.sync()
            try store.remove("waste")
            try store.sync()
            scratch.closeAll()
        }

        @Test func whatIsSaid() throws {
            try withScratchStore { scratch in
                try wasteful(scratch)
                let path = scratch.path
                let store = try scratch.open()
                let passing = try store.value("passing", initial: 5, persistence: .volatile)
                let identity = try store.statistics().identity
                let refused = try Tool.run("compact", path, in: scratch.directory)
                #expect(refused.status == 74)
                let name = Files.text("/proc/self/comm").filter { $0 != "\n" }
                #expect(
                    refused.errors
                        == "cellar: process \(getpid()) (\(name)) has the store '\(path)' open: close it there first\n"
                )
                passing.store(6)
                scratch.closeAll()
                let before = Files.size(path + "/data.mdb")!
                let run = try Tool.run("compact", path, in: scratch.directory)
                #expect(run.status == 0, "\(run.errors)")
                #expect(run.output.masked() == "gave back SIZE: it had SIZE, and has SIZE\n")
                let after = Files.size(path + "/data.mdb")!
                #expect(before - after > Self.count * 8 && after < 200_000)
                #expect(
                    try Tool.run("compact", path, in: scratch.directory).output.masked()
                        == "nothing to give back: it has SIZE\n")
                #expect(
                    try Tool.run("compact", path, "--json", in: scratch.directory).output
                        == "{\"bytes_before\": \(after), \"bytes_after\": \(after), \"given_back\": 0}\n")
                // The same store, with what was in memory only, and the same on disk.
                let again = try scratch.open()
                #expect(try again.statistics().identity == identity)
                #expect(try again.value("passing", of: Int.self).load() == 6)
                #expect(try again.value("kept", of: Int.self).load() == 7)
                #expect(try Store.check(path).isWhole)
                #expect(try scratch.reboot().value("kept", of: Int.self).load() == 7)
                #expect(Files.mode(path + "/data.mdb") == 0o600)
                #expect(try Tool.run("compact", path + "x", in: scratch.directory).status == 66)
            }
        }

        /// Who looks has the old file.
        @Test func lookersAreNamed() throws {
            try withScratchStore { scratch in
                try wasteful(scratch)
                let looker = try Worker(
                    command: [Worker.buildDirectory + "/cellar", "watch", scratch.path, "kept"])
                try looker.expect("kept = 7")
                let run = try Tool.run("compact", scratch.path, in: scratch.directory)
                #expect(run.status == 74 && run.errors.contains("a process looks at the store"), "\(run.errors)")
                looker.kill()
                #expect(try Tool.run("compact", scratch.path, in: scratch.directory).status == 0)
            }
        }

        /// Killed at random moments, it leaves the one file or the other.
        @Test func killedAtAnyMoment() throws {
            try withScratchStore(seconds: 600) { scratch in
                try wasteful(scratch)
                let path = scratch.path
                let wasted = Files.read(path + "/data.mdb")
                let identity = try scratch.open().statistics().identity
                scratch.closeAll()
                var random = SeededRandom(for: "compacting")
                var (kills, olds) = (0, 0)
                for _ in 0..<40 {
                    Files.write(wasted, to: path + "/data.mdb", truncating: true)
                    let tool = try Worker(command: [Worker.buildDirectory + "/cellar", "compact", path])
                    settle { tool.hasEnded || Files.exists(path + "/data.mdb.compact") }
                    usleep(UInt32.random(in: 0..<12_000, using: &random))
                    if tool.kill() == .signal(SIGKILL) { kills += 1 }
                    if Files.size(path + "/data.mdb") == wasted.count { olds += 1 }
                    #expect(try Store.check(path).isWhole)
                    let store = try scratch.open()
                    #expect(try store.statistics().identity == identity)
                    #expect(try store.value("kept", of: Int.self).load() == 7)
                    scratch.closeAll()
                    try Store.discardSegment(of: path)
                }
                #expect(try Store.compact(path).byteCountAfter < 200_000)
                #expect(Files.names(path).filter { $0.hasSuffix(".compact") } == [])
                print("compacting: kills=\(kills) old files=\(olds)")
                #expect(kills > 0)
            }
        }
    }
}

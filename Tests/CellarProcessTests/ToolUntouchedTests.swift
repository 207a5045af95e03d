import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// Who only looks changes no byte: not of the store's files, and not of its memory.
    @Suite struct ToolUntouched {
        /// Runs every verb that looks, and compares all bytes before and after each. Returns how they ended.
        @discardableResult
        private func look(
            _ scratch: ScratchStore, segment: String, as who: [String] = [], location: SourceLocation = #_sourceLocation
        ) throws -> [Tool.Run] {
            let before = StoreBytes(scratch.path, segment: segment)
            return try LookedAt.verbs(scratch.path).map { verb in
                let arguments =
                    who.isEmpty ? verb : ["run-as", scratch.path] + who + [Worker.buildDirectory + "/cellar"] + verb
                let run = try Tool.run(
                    arguments.map { Array($0.utf8) }, of: who.isEmpty ? "cellar" : "cellar-test-worker",
                    in: scratch.directory)
                let differences = StoreBytes(scratch.path, segment: segment).differences(from: before)
                #expect(differences == [], "\(verb)", sourceLocation: location)
                return run
            }
        }

        private func expectAll(_ runs: [Tool.Run], location: SourceLocation = #_sourceLocation) {
            for run in runs { #expect(run.status == 0, "\(run.errors)", sourceLocation: location) }
        }

        /// Fills a store and closes it. Returns its segment.
        private func prepare(_ scratch: ScratchStore, first: (Store) throws -> Void = { _ in }) throws -> String {
            let store = try scratch.open()
            try first(store)
            try LookedAt.fill(store)
            let segment = Files.segmentPath(try store.statistics().identity)
            scratch.closeAll()
            return segment
        }

        @Test func atRestInMemory() throws {
            try withScratchStore { scratch in
                let segment = try prepare(scratch)
                expectAll(try look(scratch, segment: segment))
                #expect(Files.exists(segment))
            }
        }

        /// What is in memory alone is gone then; nothing is made.
        @Test func atRestOnDisk() throws {
            try withScratchStore { scratch in
                let segment = try prepare(scratch)
                try Store.discardSegment(of: scratch.path)
                for run in try look(scratch, segment: segment) {
                    #expect([0, 65, 66].contains(run.status), "\(run.errors)")
                }
                #expect(!Files.exists(segment))
            }
        }

        /// A process holds a lock, a lease and an end of a pipe, and is stopped; then it is dead, and nobody has put it away.
        @Test func ofStoppedAndDeadProcesses() throws {
            try withScratchStore { scratch in
                let segment = try prepare(scratch)
                let owner = try scratch.worker("have")
                try owner.expect("holding")
                owner.signal(SIGSTOP)
                #expect(owner.waitForStop())
                expectAll(try look(scratch, segment: segment))
                func ps() throws -> String { try Tool.run("ps", scratch.path, in: scratch.directory).output }
                #expect(try ps().contains("alive"))
                owner.kill()
                let runs = try look(scratch, segment: segment)
                // The store is whole but for what the dead one held: of that check tells.
                let broken = zip(LookedAt.verbs(scratch.path), runs).filter { $0.1.status != 0 }
                #expect(broken.map { $0.0[0] } == ["check", "check"])
                #expect(try ps().contains("dead"))
            }
        }

        /// One who has permission to read, and no more.
        @Test func asAnotherUser() throws {
            try withScratchStore { scratch in
                guard geteuid() == 0 else { return print("not root: not tested") }
                unsafe chmod(scratch.directory, 0o755)
                let (member, group) = ("61002", "62000")
                unsafe mkdir(scratch.path, 0o750)
                unsafe chown(scratch.path, 0, 62_000)
                unsafe chmod(scratch.path, 0o2750)
                let store = try scratch.open {
                    $0.mode = 0o640
                    $0.checkpointInterval = .seconds(3600)
                }
                try LookedAt.fill(store)
                let segment = Files.segmentPath(try store.statistics().identity)
                let asWho = try Tool.run(
                    "run-as", scratch.path, member, group, "/bin/true", of: "cellar-test-worker", in: scratch.directory)
                guard asWho.status == 0, asWho.output.isEmpty else { return print("cannot become another: not tested") }
                scratch.closeAll()
                let runs = try look(scratch, segment: segment, as: [member, group])
                expectAll(runs)
                // The same as its owner sees, but for who reads the database.
                for (verb, run) in zip(LookedAt.verbs(scratch.path), runs) where verb[0] == "dump" || verb[0] == "ls" {
                    let own = try Tool.run(verb.map { Array($0.utf8) }, in: scratch.directory)
                    #expect(run.output == own.output, "\(verb)")
                }
            }
        }

        /// In memory the type of one cell, and a truth value of another, make no sense: the rest is shown.
        @Test func ofABrokenMemory() throws {
            try withScratchStore { scratch in
                let segment = try prepare(scratch) { _ = try $0.value("odd", initial: SIMD3<UInt16>(1, 2, 3)) }
                try Self.replace("simd<uint16, 3>", by: "simd<uint16, ?>", in: segment)
                // poses[1]: x = 1, y = 0.5, true.
                let pose: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0x3F]
                try Self.replace(pose + [1], by: pose + [2], in: segment)
                for run in try look(scratch, segment: segment) { #expect(run.status >= 0, "\(run.errors)") }
                let listing = try Tool.run("ls", scratch.path, in: scratch.directory)
                #expect(listing.status == 65)
                #expect(listing.output.split(separator: "\n").count == 14, "\(listing.output)")
                #expect(listing.errors.contains("type description"), "\(listing.errors)")
                let dump = try Tool.run("dump", scratch.path, in: scratch.directory)
                #expect(dump.status == 65)
                #expect(dump.errors.contains("'poses': the bytes of element [1]") || dump.errors.contains("'poses'"))
                #expect(dump.output.contains("robot/arm/speed (double) = 0.5\n"))
                #expect(dump.output.contains("words (table, string: int64), 2 entries\n"))
                #expect(!dump.output.contains("poses"))
            }
        }

        /// On disk the record of one cell makes no sense.
        @Test func ofABrokenDisk() throws {
            try withScratchStore { scratch in
                let segment = try prepare(scratch) { _ = try $0.value("odd", initial: SIMD3<UInt16>(1, 2, 3)) }
                try Store.discardSegment(of: scratch.path)
                try Self.replace(
                    "kind=value count=1 type=simd", by: "kind=value count=x type=simd", in: scratch.path + "/data.mdb")
                for run in try look(scratch, segment: segment) { #expect(run.status >= 0, "\(run.errors)") }
                let listing = try Tool.run("ls", scratch.path, in: scratch.directory)
                #expect(listing.status == 65)
                #expect(
                    listing.errors.contains("the record of the cell 'odd' on disk cannot be read"), "\(listing.errors)")
                #expect(listing.output.contains("robot/arm/speed"))
                let dump = try Tool.run("dump", scratch.path, "--format", "json", in: scratch.directory)
                #expect(dump.status == 65)
                #expect(dump.output.contains(#"{"name": "robot/arm/speed", "kind": "value", "type": "double", "#))
            }
        }

        private static func replace(_ old: String, by new: String, in file: String) throws {
            try replace(Array(old.utf8), by: Array(new.utf8), in: file)
        }

        private static func replace(_ old: [UInt8], by new: [UInt8], in file: String) throws {
            try #require(Files.replace(old, by: new, in: file) > 0)
        }
    }
}

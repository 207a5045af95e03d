import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// Backups that are made while others write, and that nobody sees half of.
    @Suite struct ToolBackupTests {
        @Test func whatIsSaid() throws {
            try withScratchStore { scratch in
                let (path, copy) = (scratch.path, scratch.directory + "/copy")
                let store = try scratch.open { $0.checkpointInterval = .seconds(3600) }
                try store.value("pose", initial: 1).store(7)
                _ = try store.value("passing", initial: 1, persistence: .volatile)
                let first = try Tool.run("backup", path, copy, in: scratch.directory)
                #expect(first.status == 0, "\(first.errors)")
                #expect(first.output.masked([copy: "COPY"]) == "COPY: SIZE, with everything up to now\n")
                #expect(Files.mode(copy) == 0o700 && Files.mode(copy + "/data.mdb") == 0o600)
                // It has what was stored an instant before, but nothing volatile; and it is another store.
                let backup = try scratch.open(at: copy)
                #expect(try backup.value("pose", of: Int.self).load() == 7)
                #expect(try backup.cells().map(\.name) == ["pose"])
                #expect(try backup.statistics().identity != store.statistics().identity)
                try backup.value("pose", of: Int.self).store(8)
                #expect(try store.value("pose", of: Int.self).load() == 7)
                let second = try Tool.run("backup", path, copy, in: scratch.directory)
                #expect(second.status == 73)
                #expect(
                    second.errors.masked([copy: "COPY"])
                        == "cellar: 'COPY' is there already: a backup overwrites nothing, choose another path\n")
                try store.value("pose", of: Int.self).store(9)
                let old = try Tool.run("backup", path, copy + "2/", "--no-sync", "--json", in: scratch.directory)
                #expect(
                    old.output.replacing(#/"bytes": [0-9]+/#, with: "BYTES").masked([copy: "COPY"])
                        == "{\"path\": \"COPY2/\", BYTES, \"saved_first\": false}\n")
                #expect(try scratch.open(at: copy + "2").value("pose", of: Int.self).load() == 7)
                for place in ["/nowhere/at/all", "/proc/copy"] {
                    let run = try Tool.run("backup", path, place, in: scratch.directory)
                    #expect(run.status == 66, "\(run.errors)")
                }
                #expect(try Tool.run("backup", path + "x", copy + "3", in: scratch.directory).status == 66)
                #expect(Files.names(scratch.directory).allSatisfy { !$0.hasSuffix(".partial") })
            }
        }

        /// What stands at the passing name and is not ours is not touched.
        @Test func whatIsNotOursIsLeft() throws {
            try withScratchStore { scratch in
                _ = try scratch.open().value("pose", initial: 1)
                let partial = scratch.directory + "/copy.partial"
                unsafe mkdir(partial, 0o700)
                Files.write([1], to: partial + "/letter.txt")
                let run = try Tool.run("backup", scratch.path, scratch.directory + "/copy", in: scratch.directory)
                #expect(run.status == 73)
                #expect(Files.names(partial) == ["letter.txt"])
                #expect(!Files.exists(scratch.directory + "/copy"))
            }
        }

        /// Processes move money all the time; every backup has all of it.
        @Test func eachBackupHasAllTheMoney() throws {
            try withScratchStore(seconds: 600) { scratch in
                let bank = try Bank(try scratch.open { $0.lockTimeout = .seconds(30) })
                #expect(try bank.sum() == Bank.total)
                var random = SeededRandom(for: "backups")
                var workers = try (0..<4).map { _ in try scratch.worker("bank", random.next() >> 2) }
                for worker in workers { try worker.expect("ready") }
                var different: Set<Int> = []
                for round in 0..<20 {
                    let copy = scratch.directory + "/copy\(round)"
                    let run = try Tool.run("backup", scratch.path, copy, in: scratch.directory)
                    #expect(run.status == 0, "\(run.errors)")
                    #expect(try Store.check(copy).findings == [])
                    let backup = try scratch.open(at: copy)
                    #expect(try backup.value("founded", of: Bool.self).load())
                    #expect(try Bank(backup).sum() == Bank.total)
                    different.insert(try backup.value("account 0", of: Int.self).load())
                    backup.close()
                    for index in workers.indices where workers[index].hasEnded {
                        workers[index] = try scratch.worker("bank", random.next() >> 2)
                        try workers[index].expect("ready")
                    }
                }
                #expect(different.count > 1, "money was moved meanwhile")
                #expect(try bank.sum() == Bank.total)
                for worker in workers { worker.kill() }
                print("backups: made=20 total=\(Bank.total)")
            }
        }

        /// Killed while it writes, there is no backup; the next one to the same place takes over what was left.
        @Test func whoIsKilledLeavesNoBackup() throws {
            try withScratchStore(seconds: 600) { scratch in
                let store = try scratch.open()
                try store.array("bulk", of: Int.self, count: 8 << 20).fill(3)
                try store.sync(timeout: .seconds(100))
                let copy = scratch.directory + "/copy"
                let command = [Worker.buildDirectory + "/cellar", "backup", scratch.path, copy, "--no-sync"]
                var inTheMiddle = 0
                func clear() throws {
                    for path in try Store.leftovers(in: scratch.directory) { #expect(try Store.removeLeftover(path)) }
                    #expect(Files.names(scratch.directory).filter { $0.hasPrefix("copy") } == [])
                }
                for _ in 0..<12 {
                    try clear()
                    let tool = try Worker(command: command)
                    settle { tool.hasEnded || (Files.size(copy + ".partial/data.mdb") ?? 0) > 0 }
                    if tool.kill() == .signal(SIGKILL), !Files.exists(copy) {
                        inTheMiddle += 1
                        #expect(Files.exists(copy + ".partial"))
                        #expect(try Store.leftovers(in: scratch.directory) == [copy + ".partial"])
                    } else {
                        // It was done before.
                        #expect(try Store.check(copy).isWhole)
                        Files.removeTree(copy)
                    }
                }
                #expect(inTheMiddle > 0)
                // A backup that is being made is not left over, and nobody else makes one there.
                try clear()
                let stopped = try Worker(command: command)
                settle { (Files.size(copy + ".partial/data.mdb") ?? 0) > 0 }
                stopped.signal(SIGSTOP)
                if stopped.waitForStop() {
                    #expect(try Store.leftovers(in: scratch.directory) == [])
                    #expect(codeThrown { try store.backup(to: copy) } == .inUse)
                    stopped.signal(SIGTERM)
                    stopped.signal(SIGCONT)
                    // Asked to end, it puts away what it began.
                    if try stopped.wait() == .signal(SIGTERM) {
                        #expect(!Files.exists(copy) && !Files.exists(copy + ".partial"))
                    } else {
                        Files.removeTree(copy)
                    }
                }
                let last = try Worker(command: command)
                settle { last.hasEnded || Files.exists(copy + ".partial") }
                if last.kill() == .exit(0) { Files.removeTree(copy) }
                try store.backup(to: copy)
                #expect(!Files.exists(copy + ".partial"))
                #expect(try scratch.open(at: copy).array("bulk", of: Int.self)[8 << 20 - 1] == 3)
                print("backups: killed in the middle=\(inTheMiddle)")
            }
        }

        /// A process that makes one can go on writing until its database has outgrown its map.
        @Test func theDatabaseGrowsMeanwhile() throws {
            try withScratchStore { scratch in
                let store = try scratch.open { $0.checkpointInterval = .seconds(3600) }
                try store.array("bulk", of: Int.self, count: 1 << 20).fill(3)
                var isGrown = false
                try store.backup(to: scratch.directory + "/copy") { (_, _) throws(StoreError) in
                    if isGrown { return }
                    isGrown = true
                    let table = try store.table("rows", keys: Int.self, values: [UInt8].self)
                    let bytes = [UInt8](repeating: 1, count: 1 << 26)
                    for key in 0..<18 { try table.set(bytes, for: key) }
                }
                #expect(try store.statistics().mapSize > 1 << 30)
                let copy = try scratch.open(at: scratch.directory + "/copy")
                #expect(try copy.array("bulk", of: Int.self)[1 << 20 - 1] == 3)
                #expect(try copy.tables().isEmpty)
                // Who is told how far it is can end it.
                let stopped = codeThrown {
                    try store.backup(to: scratch.directory + "/none") { (_, _) throws(StoreError) in
                        throw StoreError(.broken, "enough")
                    }
                }
                #expect(stopped == .broken)
                #expect(Files.names(scratch.directory).filter { $0.hasPrefix("none") } == [])
            }
        }
    }
}

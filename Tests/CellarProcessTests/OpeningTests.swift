import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// Several processes, one store, one segment.
    @Suite struct Opening {
        @Test func twoThatOpenAFreshStoreAtOnceAgree() throws {
            try withScratchStore { scratch in
                for round in 0..<50 {
                    let workers = try (0..<2).map { _ in try scratch.worker("race") }
                    for worker in workers { try worker.expect("ready") }
                    for worker in workers { worker.send() }
                    let segments = try workers.map { try $0.line() }
                    #expect(
                        segments[0] == segments[1] && segments[0].hasPrefix("segment /cellar-"), "\(round): \(segments)"
                    )
                    for worker in workers { worker.send() }
                    for worker in workers { try worker.expect("hits 2") }
                    for worker in workers { #expect(try worker.wait() == .exit(0)) }
                    try Store.remove(scratch.path)
                }
            }
        }

        /// Killed while it opens a fresh store, at random: the next one opens it.
        @Test func oneThatDiesWhileItOpensHindersNobody() throws {
            try withScratchStore { scratch in
                var random = SeededRandom(for: "dying while opening")
                for round in 0..<60 {
                    let worker = try scratch.worker("attach")
                    usleep(UInt32.random(in: 0..<12_000, using: &random))
                    worker.kill()
                    let store = try scratch.open()
                    #expect(try store.value("rounds", initial: 0).add(1) == round % 10, "\(round)")
                    #expect(store.attachments().filter(\.isAlive).count == 1)
                    try store.sync()
                    scratch.closeAll()
                    if round % 10 == 9 { try Store.remove(scratch.path) }
                }
            }
        }

        @Test func itGrowsWhileOthersAreAttached() throws {
            try withScratchStore { scratch in
                let workers = try (0..<2).map { try scratch.worker("grow", $0, 4) }
                for worker in workers { try worker.expect("ready") }
                for _ in 0..<4 {
                    for step in ["made", "read"] {
                        for worker in workers { worker.send() }
                        for worker in workers { try worker.expect(step) }
                    }
                }
                let store = try scratch.open()
                #expect(try store.cells().count == 4 * 2 * 501)
                let segment = try #require(try store.statistics().segment)
                #expect(segment.size > 8 * 1_600_000)
                #expect(segment.attachments == 3)
            }
        }

        /// The segment of a living process lies in another /dev/shm: a second segment over one store must not come to be.
        @Test func aSegmentThatCannotBeSeen() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                try store.value("number", initial: 0).store(5)
                let other = try scratch.start(["elsewhere", scratch.path], isolated: true)
                let line = try other.line()
                guard line != "mount refused" else { return print("no mounts here: not tested") }
                #expect(line.hasPrefix("open segmentElsewhere") && line.contains("--ipc"), "\(line)")
                let look = try other.line()
                #expect(look.hasPrefix("look segmentElsewhere"), "\(look)")
                #expect(try other.wait() == .exit(0))
                #expect(try store.value("number", of: Int.self).load() == 5)
                scratch.closeAll()
                // Nobody has it open now: it is made from the disk there. What this machine's old segment has is gone then.
                let alone = try scratch.start(["elsewhere", scratch.path], isolated: true)
                #expect(try alone.line() == "open ok")
            }
        }

        @Test func deadProcessesLeaveTheTable() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let workers = try (0..<5).map { _ in try scratch.worker("attach") }
                for worker in workers { try worker.expect("ready") }
                #expect(store.attachments().count == 6)
                for worker in workers[..<3] { worker.kill() }
                let listed = store.attachments()
                for worker in workers[..<3] {
                    #expect(listed.filter { $0.processID == worker.processID }.allSatisfy { !$0.isAlive })
                }
                // A pass sees to them.
                try store.sync()
                #expect(
                    store.attachments().map(\.processID).sorted()
                        == ([getpid()] + workers[3...].map(\.processID)).sorted())
                workers[3].send()
                try workers[3].expect("closed")
                #expect(store.attachments().count == 2)
            }
        }

        /// Memory that a removed cell had is used again only when nobody can look at it any more, readers included.
        @Test func aReadersHandleOfARemovedCellReadsNoSuccessor() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                _ = try store.value("old", initial: Triple(11))
                try store.sync()
                let reader = try scratch.worker("look", "old")
                try reader.expect("ready")
                try store.remove("old")
                try store.sync()
                scratch.closeAll()
                // Everyone who writes is newer than the removal.
                let again = try scratch.open()
                for index in 0..<50 {
                    _ = try again.value("new \(index)", initial: Triple(22))
                    _ = try again.value("gone \(index)", initial: Triple(33))
                    try again.remove("gone \(index)")
                }
                reader.send()
                let line = try reader.line()
                #expect(line == "value 11 removed true")
                try reader.expect("load ok")
            }
        }

        @Test func anIdleProcess() throws {
            try withScratchStore { scratch in
                let worker = try scratch.worker("idle", 2)
                let line = try worker.line()
                // No assertion of times beyond what even a busy machine cannot explain: a tenth of a core.
                let used = try #require(line.split(separator: " ").last.flatMap { Int($0) })
                print("an idle attached process used \(used) µs of processor in 2 s")
                #expect(used < 200_000)
            }
        }
    }
}

import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// Locks and signals by name, whose holders, waiters and authors are killed.
    @Suite struct Syncs {
        private static let names = SyncDeed.all.map(\.name)
        private static let lockNames = SyncDeed.locks.map(\.name)

        private func deed(_ name: String) throws -> SyncDeed { try #require(SyncDeed.named(name)) }

        /// Waits until somebody of this process waits; who waits for a mutex cannot be seen.
        private func settle(_ store: Store, _ deed: SyncDeed, waiters: Int) throws {
            if deed.cell != "m" { try store.settle(deed.cell, waiters: waiters) }
        }

        // MARK: Killed with it, or before it was signalled

        @Test(arguments: names) func whoDiesLeavesNobodyAsleep(name: String) throws {
            try withScratchStore { scratch in
                let (store, deed) = (try scratch.open(), try deed(name))
                let worker = try scratch.worker("sync-act", name)
                try worker.expect("holding")
                let waiting = Beside { try deed.wait(store) }
                try settle(store, deed, waiters: 1)
                #expect(!waiting.isOver)
                worker.kill()
                try deed.stand(store)
                try waiting.join()
                try expectFree(store, deed)
            }
        }

        @Test(arguments: names) func whoDoesItsPartLeavesNobodyAsleep(name: String) throws {
            try withScratchStore { scratch in
                let (store, deed) = (try scratch.open(), try deed(name))
                let worker = try scratch.worker("sync-act", name)
                try worker.expect("holding")
                let waiting = Beside { try deed.wait(store) }
                try settle(store, deed, waiters: 1)
                worker.send()
                try waiting.join()
                worker.send()
                #expect(try worker.wait() == .exit(0))
                try expectFree(store, deed)
            }
        }

        private func expectFree(_ store: Store, _ deed: SyncDeed) throws {
            try deed.stand(store)
            try CellarTestSupport.settle {
                let info = try store.lockInfo(deed.cell)
                // What a dead one has stays until somebody wants it.
                return info?.waiters.contains(where: \.isAlive) == false
                    && info?.holders.contains(where: \.isAlive) == false
            }
        }

        // MARK: Killed as they wait

        /// The one behind gets it, whatever the one before asked for.
        @Test(arguments: names) func aWaiterThatDiesKeepsNobody(name: String) throws {
            try withScratchStore { scratch in
                let (store, deed) = (try scratch.open(), try deed(name))
                let holder = try scratch.worker("sync-act", name)
                try holder.expect("holding")
                let worker = try scratch.worker("sync-wait", name)
                try settle(store, deed, waiters: 1)
                if name == "barrier" { return try breaks(store, worker) }
                let waiting = Beside { try deed.wait(store) }
                try settle(store, deed, waiters: 2)
                // Its turn comes while it is stopped; then it dies.
                worker.signal(SIGSTOP)
                holder.send()
                while try holder.line() != "done" {}
                worker.kill()
                try waiting.join()
                try expectFree(store, deed)
            }
        }

        private func breaks(_ store: Store, _ worker: Worker) throws {
            let barrier = try store.barrier("b", parties: 2)
            worker.kill()
            // Alone, it broke nothing: nobody else waited.
            #expect(!barrier.isBroken)
            let waiting = Beside { try barrier.wait() }
            try barrier.wait()
            try waiting.join()
        }

        /// Of three who are to meet one dies as it waits: the other learns it, and who comes too.
        @Test func aPartyThatDiesBreaksTheBarrier() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let three = try store.barrier("b", parties: 3)
                let worker = try scratch.worker("sync-meet", 3)
                try store.settle("b", waiters: 1)
                let waiting = Beside { #expect(codeThrown { try three.wait() } == .broken) }
                try store.settle("b", waiters: 2)
                worker.kill()
                try waiting.join()
                #expect(three.isBroken)
                #expect(codeThrown { try three.wait() } == .broken)
                try three.reset()
                #expect(codeThrown { try three.wait(timeout: .milliseconds(1)) } == .timedOut)
            }
        }

        // MARK: What they held

        @Test func permitsOfTheDeadComeBack() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let permits = try store.semaphore("s", count: 3)
                for name in ["permits", "scoped permits"] {
                    let worker = try scratch.worker("sync-act", name)
                    try worker.expect("holding")
                    #expect(permits.available == 0)
                    let info = try #require(try store.lockInfo("s"))
                    #expect(info.holders.allSatisfy { $0.processID == worker.processID && $0.isAlive })
                    #expect(try !permits.tryAcquire())
                    worker.kill()
                    let looking = try scratch.openReadOnly()
                    // Nobody may have noticed yet: who looks says that it is dead, and changes nothing.
                    #expect(try looking.lockInfo("s")?.holders.allSatisfy { !$0.isAlive } == true)
                    #expect(try permits.tryAcquire(3))
                    try permits.release(3)
                }
            }
        }

        /// A process that lives, and has no store any more.
        @Test func permitsOfWhoLeavesComeBack() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let permits = try store.semaphore("s", count: 3)
                let worker = try scratch.worker("sync-leave")
                try worker.expect("holding")
                let waiting = Beside { try permits.acquire(3, timeout: .seconds(1000)) }
                try store.settle("s", waiters: 1)
                worker.send()
                try worker.expect("closed")
                try waiting.join()
                #expect(permits.available == 0)
            }
        }

        /// Readers that come without a pause do not keep a writer out.
        @Test func readersDoNotKeepAWriterOut() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let lock = try store.readWriteLock("rw")
                let workers = try (0..<3).map { _ in try scratch.worker("sync-read") }
                for worker in workers { try worker.expect("reading") }
                for _ in 0..<100 { try lock.withWriteLock {} }
                for worker in workers { worker.kill() }
                try lock.withWriteLock {}
                #expect(try store.lockInfo("rw")?.holders.isEmpty == true)
            }
        }

        @Test func theRecoveryRunsOnceAfterADeath() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let pair = try store.array("pair", of: Int.self, count: 2)
                let mutex = try store.mutex("m")
                let worker = try scratch.worker("sync-tear")
                try worker.expect("holding")
                worker.kill()
                // Others make the lock usable meanwhile, and look into the store.
                try mutex.withLock {}
                #expect(try Store.check(scratch.path).findings.allSatisfy { $0.kind != .damaged })
                var recoveries = 0
                for _ in 0..<3 {
                    let seen = try mutex.withLock(recovering: {
                        recoveries += 1
                        pair[1] = pair[0]
                    }) { pair[1] }
                    #expect(seen == 9)
                }
                #expect(recoveries == 1)
            }
        }

        // MARK: The tool

        @Test func theToolShowsThem() throws {
            try withScratchStore { scratch in
                let store = try scratch.open { $0.processName = "tester" }
                let event = try store.event("e")
                _ = try store.latch("l", count: 4)
                let worker = try scratch.worker("sync-act", "permits")
                try worker.expect("holding")
                let waiting = Beside { try event.wait() }
                try store.settle("e", waiters: 1)
                let text = try Tool.run("locks", scratch.path, in: scratch.directory)
                #expect(text.status == 0)
                #expect(text.output.contains("0 of 3 available") && text.output.contains("4 of 4 left"))
                #expect(text.output.contains("worker-\(worker.processID)") && text.output.contains("tester"))
                let json = try Tool.run("locks", scratch.path, "--json", in: scratch.directory).output
                #expect(json.contains("\"kind\": \"semaphore\"") && json.contains("\"permits\": 3"))
                #expect(json.split(separator: "\n").count == 3)
                #expect(try Tool.run("get", scratch.path, "e", in: scratch.directory).output == "clear; 1 waiting\n")
                #expect(
                    try Tool.run("ls", scratch.path, in: scratch.directory).output.contains("semaphore count=3 bound=0")
                )
                #expect(
                    try Tool.run("dump", scratch.path, in: scratch.directory).output.contains(
                        "l (latch count=4, volatile) = 4 of 4 left"))
                // As it is when nobody holds it or waits.
                let dump = try Tool.run("dump", scratch.path, "--format", "json", in: scratch.directory).output
                #expect(
                    dump.contains(
                        #"{"name": "l", "kind": "latch", "type": "latch count=4", "persistent": false, "value": 4}"#))
                worker.kill()
                #expect(try Tool.run("locks", scratch.path, in: scratch.directory).status == 0)
                try event.set()
                try waiting.join()
                #expect(try Tool.run("get", scratch.path, "e", in: scratch.directory).output == "set\n")
            }
        }

        // MARK: Each step

        #if CrashPoints
            /// Killed at each step of giving back or signalling, with somebody of another process waiting.
            @Test(arguments: names) func aWaiterOutlivesItsWakerAtEachStep(name: String) throws {
                let points = try withScratchStore { scratch in try pointsOfWaking(name, scratch) }
                #expect(!points.isEmpty || name == "mutex")
                for point in points {
                    try withScratchStore(function: "\(name), killed at '\(point)'") { scratch in
                        let (store, deed) = (try scratch.open(), try deed(name))
                        let worker = try scratch.worker("sync-act", name, point)
                        try worker.expect("holding")
                        let waiting = Beside { try deed.wait(store) }
                        try settle(store, deed, waiters: 1)
                        worker.send()
                        #expect(try worker.wait() == .signal(SIGKILL), "\(point)")
                        try deed.stand(store)
                        try waiting.join()
                        try expectFree(store, deed)
                    }
                }
                print("\(name): killed at \(points.count) steps")
            }

            private func pointsOfWaking(_ name: String, _ scratch: ScratchStore) throws -> [String] {
                let (store, deed) = (try scratch.open(), try deed(name))
                let worker = try scratch.worker("sync-act", name)
                try worker.expect("holding")
                let waiting = Beside { try deed.wait(store) }
                try settle(store, deed, waiters: 1)
                worker.send()
                var points: [String] = []
                while case let line = try worker.line(), line != "done" {
                    if line.hasPrefix("point ") { points.append(String(line.dropFirst(6))) }
                }
                try waiting.join()
                return points.sorted()
            }
        #endif
    }
}

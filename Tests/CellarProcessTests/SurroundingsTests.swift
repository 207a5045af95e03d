import CCellar
import CellarTestSupport
import Glibc
import Testing

@testable import Cellar

extension ProcessTests {
    /// Namespaces, clocks, missing resources, crowds.
    @Suite struct Surroundings {
        /// A waiter for a lock that was killed had the kernel take the lock from its living holder, if both had the same
        /// thread id, each in a PID namespace of its own: the main threads of two containers are both number 1. The
        /// kernel tells holders by that number, and the C library leaves it a hint at the mutex while it waits.
        @Test func aDeadWaiterTakesNothingFromAHolderOfTheSameNumber() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let triple = try store.value("triple", initial: Triple(1))
                guard let holder = try namespaced(["hold-value", scratch.path], says: "holding") else { return }
                for _ in 0..<3 {
                    guard let waiter = try namespaced(["wait-value", scratch.path], says: "waiting") else { return }
                    // Long enough that it really waits; too short a pause only makes the test miss the fault.
                    usleep(100_000)
                    waiter.signal(SIGKILL)
                    try waiter.wait()
                    let error = storeError { try triple.withLock(timeout: .milliseconds(50)) { $0 = Triple(2) } }
                    let message = error?.message ?? "locked"
                    #expect(error?.code == .timedOut && message.contains("'worker-1' (pid 1)"), "\(message)")
                }
                #expect(try triple.load() == Triple(1))
                holder.send()
                try holder.expect("released")
                #expect(try triple.load() == Triple(99))
            }
        }

        /// A worker whose process ids begin at 1.
        private func namespaced(_ arguments: [String], says first: String) throws -> Worker? {
            let worker = try Worker(
                command: ["/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc", Worker.program]
                    + arguments)
            do { try worker.expect(first) } catch Worker.Failure.ended {
                print("no PID namespaces here: not tested")
                return nil
            }
            return worker
        }

        /// Lives and deaths are told apart by locks and not by numbers, which are the same in two namespaces.
        @Test func processesOfTheSameNumber() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                _ = try store.value("hits", initial: 0)
                guard let first = try namespaced(["attach", scratch.path], says: "ready"),
                    let second = try namespaced(["attach", scratch.path], says: "ready")
                else { return }
                #expect(store.attachments().filter { $0.processID == 1 }.count == 2)
                first.signal(SIGKILL)
                try first.wait()
                try store.sync()
                let left = store.attachments().filter { $0.processID == 1 }
                #expect(left.count == 1 && left[0].isAlive)
                second.send()
                try second.expect("closed")
                #expect(store.attachments().count == 1)
            }
        }

        /// `sync` said that an array stayed locked where the catalogue was, by a process that had been stopped.
        #if CrashPoints
            @Test func aStoppedHolderOfTheCatalogueIsNamed() throws {
                try withScratchStore { scratch in
                    // Long enough for those who wait for a pass, which has the catalogue's lock at times: only who is
                    // stopped has it for a second.
                    let store = try scratch.open {
                        $0.lockTimeout = .seconds(1)
                        $0.checkpointInterval = .milliseconds(1)
                    }
                    let number = try store.value("number", initial: 1)
                    _ = try store.value("old", initial: 1)
                    try store.sync()
                    let worker = try scratch.worker("stop-at", "create: built")
                    #expect(worker.waitForStop())
                    number.store(2)
                    let failures = [
                        storeError { _ = try store.value("new", initial: 1) }, storeError { try store.remove("old") },
                        storeError { try store.rename("old", to: "other") },
                        storeError { try store.sync(timeout: .seconds(1)) },
                        storeError { try store.sync(timeout: .seconds(4)) },
                    ]
                    for failure in failures {
                        let message = failure?.message ?? "no error"
                        #expect(failure?.code == .timedOut && message.contains("catalogue"), "\(message)")
                        #expect(message.contains("(pid \(worker.processID))"), "\(message)")
                    }
                    // What needs neither goes on.
                    #expect(number.load() == 2)
                    #expect(try store.value("old", of: Int.self).load() == 1)
                    worker.signal(SIGCONT)
                    try worker.expect("done")
                    try store.sync()
                    try store.remove("old")
                    #expect(try store.contains("made at a stop"))
                }
            }
        #endif

        /// A child that was forked while another thread opened a store could open none itself: the lock of the list of
        /// open stores stayed as that thread had it, and the child was ended for trying.
        #if CrashPoints
            @Test func aForkWhileAnotherThreadOpens() throws {
                try withScratchStore { scratch in
                    _ = try scratch.open()
                    scratch.closeAll()
                    let busy = scratch.directory + "/busy"
                    let stopped = try scratch.start(["stop-opening", busy])
                    #expect(stopped.waitForStop())
                    let worker = try scratch.worker("fork-opening", busy)
                    try worker.expect("opening")
                    usleep(50_000)
                    worker.send()
                    try worker.expect("child ok")
                    try worker.expect("child ended 0")
                    stopped.signal(SIGCONT)
                    try stopped.expect("done")
                    stopped.send()
                    try worker.expect("busy ok")
                    scratch.note(try Store.open(busy, .readOnly).statistics().identity)
                }
            }
        #endif

        /// All waits are on the monotonic clock: a wall clock that jumps makes none longer or shorter.
        @Test func aWallClockThatJumps() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                _ = try store.value("triple", initial: Triple(1))
                let holder = try scratch.worker("hold-value")
                try holder.expect("holding")
                let worker = try scratch.worker("shaken")
                let line = try worker.line()
                #expect(line.hasPrefix("lock timedOut"), "\(line)")
                holder.send()
                try worker.expect("shaken true")
            }
        }

        /// Every call that asks for memory, files, room or threads fails once, or from some point on for good.
        @Test(arguments: ["make", "open"], ["once", "forever"]) func everyRequestFails(kind: String, how: String) throws
        {
            try withScratchStore { scratch in
                let place = scratch.mountSmall("disk", bytes: 64 << 20) ?? scratch.directory
                let worker = try scratch.start(["fail-each", place + "/store", kind, how])
                var line = try worker.line()
                while line.hasPrefix("error") {
                    print("fault injection, \(kind), \(how): \(line.dropFirst(6))")
                    line = try worker.line()
                }
                print("fault injection, \(kind), \(how): \(line)")
                #expect(line.hasPrefix("calls "), "\(line)")
                if let store = try? Store.open(place + "/store", .readOnly) {
                    scratch.note(try store.statistics().identity)
                    store.close()
                }
            }
        }

        @Test func aThousandProcessesComeAndGo() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let hits = try store.value("hits", initial: 0)
                let worker = try scratch.worker("come-and-go", 1000, 50)
                let line = try worker.line()
                #expect(line == "failed 0")
                #expect(hits.load() == 1000)
                try store.sync()
                #expect(store.attachments().count == 1)
                // Places are used again: all of them were near the beginning of the table.
                let segment = try #require(store.attachment.segment)
                let used = (0..<Int(CELLAR_PROCESS_SLOTS)).count { slot in
                    segment.word(ProcessTable.slotOffset(slot) + CELLAR_PROCESS_ATTACHMENT).relaxed() != 0
                }
                print("1000 processes, 50 at once, used \(used) places")
                #expect(used < 400)
            }
        }

        @Test func aFullProcessTable() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let segment = try #require(store.attachment.segment)
                let table = ProcessTable(segment: segment)
                var slots: [Int] = []
                while let claimed = try? table.claim(name: "crowd") { slots.append(claimed.slot) }
                #expect(slots.count == Int(CELLAR_PROCESS_SLOTS) - 1)
                let refused = try scratch.worker("attach")
                let line = try refused.line()
                #expect(line.hasPrefix("error limitReached") && line.contains("close it"), "\(line)")
                for slot in slots { table.leave(slot) }
                let next = try scratch.worker("attach")
                try next.expect("ready")
            }
        }

        /// Copied with other processes at work: a copy is a store of its own, or is refused.
        @Test func copiesOfAStoreThatIsInUse() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let identity = try store.statistics().identity
                let word = try store.value("word", initial: 1)
                let worker = try scratch.worker("sync-often", 1_000_000)
                try worker.expect("ready")
                worker.send()
                var opened = 0
                for number in 0..<10 {
                    let copy = scratch.directory + "/copy \(number)"
                    let copying = try Worker(command: ["/bin/cp", "-r", scratch.path, copy])
                    #expect(try copying.wait() == .exit(0))
                    do {
                        let other = try scratch.open(at: copy)
                        #expect(try other.statistics().identity != identity)
                        try other.value("word", initial: 1).store(100)
                        try other.sync()
                        other.close()
                        try Store.remove(copy)
                        opened += 1
                    } catch let error as StoreError {
                        #expect([.corruptDatabase, .notAStore, .noSuchStore].contains(error.code), "\(error)")
                    }
                }
                print("copies of a store in use: \(opened) of 10 could be opened")
                #expect(word.load() == 1)
                worker.kill()
                try store.sync()
            }
        }
    }
}

import CellarTestSupport
import Testing

@testable import Cellar

/// What a queue holds after a restart.
struct QueueDurabilityTests {
    @Test func allOfItIsBack() throws {
        try withScratchStore { scratch in
            let options = QueueOptions(capacity: 5000, priorities: 2, maximumDeliveries: 2)
            let queue = try scratch.open().queue("jobs", of: Int.self, options: options)
            try queue.put(contentsOf: 0..<3000)
            try queue.put(-1, priority: 1)
            try queue.put(-2, delay: .seconds(3600))
            #expect(try queue.get(upTo: 101) == [-1] + Array(0..<100))
            let leases = try queue.lease(upTo: 3)
            try leases[0].acknowledge()
            try leases[1].reject()
            try queue.lease()?.reject()
            try queue.sync()

            let again = try scratch.reboot().queue("jobs", of: Int.self)
            // Nobody has what was leased before the restart.
            #expect(try again.depth == QueueDepth(ready: 2898, delayed: 1, leased: 0, dead: 1, taken: 0))
            #expect(try again.lease()?.deliveries == 2)
            #expect(try again.get(upTo: 5000) == Array(103..<3000))
            #expect(try again.deadLetters.take() == 101)
            try again.put(9)
            #expect(try again.lease()?.sequence ?? 0 >= 3002)
        }
    }

    /// What a power cut leaves: exactly what was put and not acknowledged, when that was synced.
    @Test func whatWasSyncedIsSo() throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            let queue = try store.queue("jobs", of: Int.self)
            try queue.put(1)
            try queue.put(2, sync: true)
            func onDisk() throws -> [Int] {
                let copy = try Store.open(try scratch.copyOfDisk())
                defer { copy.close() }
                let queue = try copy.queue("jobs", of: Int.self)
                return try queue.isEmpty ? [] : queue.get(upTo: 10)
            }
            #expect(try onDisk() == [1, 2])
            let lease = try #require(try queue.lease())
            try lease.acknowledge()
            #expect(try onDisk() == [1, 2])
            try queue.lease()?.acknowledge(sync: true)
            #expect(try onDisk() == [])
            try queue.put(3)
            #expect(try queue.get() == 3)
            try queue.sync()
            #expect(try onDisk() == [])
            let fleeting = try store.queue("fleeting", of: Int.self, options: QueueOptions(persistence: .volatile))
            #expect(codeThrown { try fleeting.put(1, sync: true) } == .mismatch)
        }
    }
}

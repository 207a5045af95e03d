import CellarTestSupport
import Testing

@testable import Cellar

/// Items that are leased, and come back.
struct QueueLeaseTests {
    private func queue(_ store: Store, _ change: (inout QueueOptions) -> Void = { _ in }) throws -> SharedQueue<Int> {
        var options = QueueOptions(capacity: 16)
        change(&options)
        return try store.queue("jobs", options: options)
    }

    @Test func aRejectedItemTakesItsPlaceAgain() throws {
        try withScratchStore { scratch in
            let queue = try queue(try scratch.open())
            try queue.put(contentsOf: 1...5)
            let leases = try queue.lease(upTo: 3)
            #expect(leases.map(\.element) == [1, 2, 3])
            #expect(try queue.depth.leased == 3)
            try leases[1].reject()
            try leases[0].reject()
            #expect(try queue.tryLease().map { [$0.element, $0.deliveries] } == [1, 2])
            try leases[2].acknowledge()
            #expect(codeThrown { try leases[2].acknowledge() } == .leaseEnded)
            // The first lease of an item that is leased again is over.
            #expect(codeThrown { try leases[0].reject() } == .leaseEnded)
            #expect(try queue.get(upTo: 9) == [2, 4, 5])
        }
    }

    @Test func whatIsDeliveredTooOftenIsSetAside() throws {
        try withScratchStore { scratch in
            let queue = try queue(try scratch.open()) { $0.maximumDeliveries = 2 }
            try queue.put(contentsOf: [1, 2])
            try queue.lease()?.reject()
            try queue.lease()?.reject()
            #expect(try queue.deadLetters.count == 1)
            try queue.lease()?.acknowledge()
            try queue.join()
            #expect(try queue.deadLetters.retry() == 1)
            #expect(try queue.lease()?.deliveries == 1)
            #expect(try queue.deadLetters.take() == nil)
        }
        try withScratchStore { scratch in
            let queue = try queue(try scratch.open()) { $0.maximumDeliveries = 1 }
            try queue.put(contentsOf: [1, 2])
            for lease in try queue.lease(upTo: 2).reversed() { try lease.reject() }
            #expect(try queue.deadLetters.take() == 1)
            #expect(try queue.deadLetters.take() == 2)
            #expect(try queue.depth == QueueDepth())
        }
    }

    @Test func aLeaseIsOverAfterItsTime() throws {
        try withScratchStore { scratch in
            let queue = try queue(try scratch.open()) { $0.leaseTime = .milliseconds(30) }
            try queue.put(1)
            let first = try #require(try queue.lease())
            // Waits until the lease of the first is over.
            let second = try #require(try queue.lease(timeout: .seconds(20)))
            #expect(second.element == 1 && second.deliveries == 2)
            #expect(codeThrown { try first.acknowledge() } == .leaseEnded)
            #expect(codeThrown { try first.extend() } == .leaseEnded)
            try second.extend()
            try second.acknowledge()
            try queue.join(timeout: .zero)
        }
    }

    @Test func aRejectedItemCanWait() throws {
        try withScratchStore { scratch in
            let queue = try queue(try scratch.open())
            try queue.put(1)
            try queue.lease()?.reject(delay: .milliseconds(20))
            #expect(try queue.tryLease() == nil)
            #expect(try queue.depth.delayed == 1)
            #expect(try queue.lease()?.deliveries == 2)
        }
    }

    @Test func aBodyThatThrowsRejects() throws {
        struct Trouble: Error {}
        try withScratchStore { scratch in
            let queue = try queue(try scratch.open())
            try queue.put(1)
            #expect(throws: Trouble.self) { try queue.withLease { _ in throw Trouble() } }
            #expect(try queue.withLease { $0 + 1 } == 2)
            #expect(try queue.isEmpty)
        }
    }

    /// Against a model, with all that can be done, at random.
    @Test func atRandom() throws {
        try withScratchStore { scratch in
            var random = SeededRandom(for: "leases at random")
            let queue = try scratch.open().queue(
                "jobs", of: Int.self, options: QueueOptions(capacity: 24, priorities: 3, maximumDeliveries: 3))
            var ready: [(priority: Int, number: Int, deliveries: Int)] = []
            var leased: [(lease: QueueLease<Int>, priority: Int)] = []
            var dead: [Int] = []
            var priorities: [Int: Int] = [:]
            var next = 0
            for _ in 0..<4_000 {
                ready.sort { ($1.priority, $0.number) < ($0.priority, $1.number) }
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<4:
                    let priority = Int.random(in: 0..<3, using: &random)
                    let isPut = try queue.tryPut(next, priority: priority)
                    #expect(isPut == (ready.count + leased.count + dead.count < 24))
                    if isPut {
                        ready.append((priority, next, 0))
                        priorities[next] = priority
                        next += 1
                    }
                case 4:
                    #expect(try queue.tryGet() == ready.first?.number)
                    if !ready.isEmpty { ready.removeFirst() }
                case 5, 6:
                    let lease = try queue.tryLease()
                    #expect(lease?.element == ready.first?.number)
                    #expect(lease?.deliveries == ready.first.map { $0.deliveries + 1 })
                    if let lease { leased.append((lease, ready.removeFirst().priority)) }
                case 7:
                    guard !leased.isEmpty else { continue }
                    let (lease, _) = leased.remove(at: Int.random(in: 0..<leased.count, using: &random))
                    try lease.acknowledge()
                case 8:
                    guard !leased.isEmpty else { continue }
                    let (lease, priority) = leased.remove(at: Int.random(in: 0..<leased.count, using: &random))
                    try lease.reject()
                    if lease.deliveries == 3 {
                        dead.append(lease.element)
                    } else {
                        ready.append((priority, lease.element, lease.deliveries))
                    }
                default:
                    if Bool.random(using: &random) {
                        dead.sort()
                        #expect(try queue.deadLetters.take() == dead.first)
                        if !dead.isEmpty { dead.removeFirst() }
                    } else if Int.random(in: 0..<8, using: &random) == 0 {
                        // As after the death of who held the lock.
                        queue.core.cell.reference.whole.setRelaxed(0)
                    }
                }
                let depth = try queue.depth
                #expect(depth.ready == ready.count && depth.leased == leased.count && depth.dead == dead.count)
            }
        }
    }
}

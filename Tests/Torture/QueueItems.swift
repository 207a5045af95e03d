import Cellar
import CellarTestSupport

/// Queues of one worker's own: numbers go in at one end and come out at the other.
extension Item {
    static func queues(_ prefix: String) -> [Item] {
        [
            passage(prefix + "queue of leases") { queue, number in
                guard let lease = try queue.tryLease() else { throw Failure("an item that is there is not delivered") }
                guard number % 3 == 0 else {
                    try lease.acknowledge()
                    return lease.element
                }
                try lease.reject()
                guard let again = try queue.tryLease(), again.element.number == lease.element.number else {
                    throw Failure("an item that was rejected is not the next")
                }
                try again.acknowledge()
                return again.element
            },
            passage(prefix + "queue") { queue, _ in try queue.tryGet() },
        ]
    }

    /// So many stay in it, over more than one chunk.
    private static let standing = 250

    /// How many were put, and how many taken, in the state.
    private static func moves(_ state: Int) -> (put: Int, taken: Int) {
        let over = max(state - standing, 0)
        return (min(state, standing) + (over + 1) / 2, over / 2)
    }

    private static func passage(
        _ name: String, take: @escaping (SharedQueue<Checksummed>, Int) throws -> Checksummed?
    ) -> Item {
        func queue(_ store: Store) throws(StoreError) -> SharedQueue<Checksummed> {
            try store.queue(name, options: QueueOptions(capacity: 300))
        }
        return Item(name: name) { store, number in
            let (before, after) = (moves(number - 1), moves(number))
            if after.put > before.put {
                return try queue(store).put(Checksummed(number: UInt64(after.put)), timeout: .zero)
            }
            let taken = try take(queue(store), number)
            guard let taken, taken.isWhole, Int(taken.number) == after.taken else {
                throw Failure("\(name) gave \(taken.map { "\($0.number)" } ?? "nothing") for \(after.taken)")
            }
        } look: { store in
            let seen = try queue(store).elementsInOrder()
            guard seen.allSatisfy(\.isWhole) else { return .torn("a queue with a torn item") }
            let numbers = seen.map { Int($0.number) }
            guard let first = numbers.first, let last = numbers.last else { return .number(0) }
            guard numbers == Array(first...max(first, last)) else { return .torn("a queue of \(numbers)") }
            return Look(description: "a queue of \(first)...\(last)") { moves($0) == (last, first - 1) }
        }
    }
}

import ArgumentParser
import Cellar

/// What `cellar new` is told of a queue.
struct QueueArguments: ParsableArguments {
    @Flag(help: "Makes a queue.") var queue = false
    @Option(help: "The most items.") var capacity: Int?
    @Option(help: "So many priorities (1).") var priorities: Int?
    @Option(help: "The longest element, where elements have any length.") var maximumBytes: Int?
    @Option(help: "How long a lease lasts: 30s (for as long as its holder lives).") var leaseTime: TimeSpan?
    @Option(help: "After so many deliveries an item is set aside (never).") var maximumDeliveries: Int?

    func validate() throws {
        let numbers = [capacity, priorities, maximumBytes, maximumDeliveries].compactMap { $0 }
        if !queue, !numbers.isEmpty || leaseTime != nil {
            throw ValidationError("--capacity and the like are for queues: add --queue")
        }
        if let number = numbers.first(where: { $0 < 1 }) {
            throw ValidationError("A queue has room for at least one item of one byte, not \(number)")
        }
        if let priorities, priorities > 64 { throw ValidationError("A queue has 1 to 64 priorities") }
    }

    func options(persistence: Persistence) -> QueueOptions {
        QueueOptions(
            capacity: capacity, priorities: priorities, maximumByteCount: maximumBytes, leaseTime: leaseTime?.duration,
            maximumDeliveries: maximumDeliveries, persistence: persistence)
    }
}

import ArgumentParser
import Cellar
import Glibc

/// One loop for a profiler, or for a program that counts instructions.
struct QueueProfile: ParsableCommand {
    static let configuration = CommandConfiguration(shouldDisplay: false)
    @Argument var work: String
    @Option var count = 10_000_000

    func run() throws {
        let path = "/tmp/cellar-bench-\(getpid())-profile"
        defer { try? Store.remove(path) }
        // As much as a program that counts instructions can have.
        var options = Store.Options()
        options.addressReserve = 1 << 30
        let store = try Store.open(path, options)
        defer { store.close() }
        let queue = try store.queue("items", of: Block64.self, options: QueueOptions(persistence: .volatile))
        let nanoseconds =
            switch work {
            case "pairs": time(count) { QueueRows.pairs(queue, count) }
            case "batches": time(count) { QueueRows.batches(queue, count) }
            default: time(count) { QueueRows.leases(queue, count) }
            }
        print("\(short(nanoseconds)) ns")
    }
}

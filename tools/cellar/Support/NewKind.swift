import ArgumentParser
import Cellar

/// What `cellar new` makes, if not a cell.
enum NewKind: String, EnumerableFlag {
    case table, multimap, dictionary, queue, log, list, block, pipe
    case mutex, recursiveMutex, readWriteLock, semaphore, event, condition, barrier, latch, once

    static func help(for value: NewKind) -> ArgumentHelp? {
        switch value {
        case .table: "Makes a table."
        case .multimap: "Makes a multimap: a table in which a key has any number of values."
        case .dictionary: "Makes a dictionary: a hash table in memory."
        case .queue: "Makes a queue."
        case .log: "Makes a log: the last entries, for any number of readers."
        case .list: "Makes a list of at most --capacity values."
        case .block: "Makes a block of raw memory, of --count bytes."
        case .pipe: "Makes a pipe, with a ring of --capacity bytes each way."
        case .mutex: "Makes a lock for one at a time."
        case .recursiveMutex: "Makes a lock that its holder can take again."
        case .readWriteLock: "Makes a lock for many readers or one writer."
        case .semaphore: "Makes a semaphore of --count permits."
        case .event: "Makes a flag to wait for."
        case .condition: "Makes a condition of the mutex that --of names."
        case .barrier: "Makes a barrier for --count parties."
        case .latch: "Makes a latch that is counted down --count times."
        case .once: "Makes something that is done once."
        }
    }

    /// `a read-write lock`.
    var title: String {
        switch self {
        case .recursiveMutex: "a recursive mutex"
        case .readWriteLock: "a read-write lock"
        case .event: "an event"
        case .once: "something that is done once"
        default: "a \(rawValue)"
        }
    }

    /// The options that it cannot do without, and those that it takes besides.
    var options: (required: Set<String>, allowed: Set<String>) {
        switch self {
        case .table, .multimap: (["--key", "--type"], [])
        case .dictionary: (["--key", "--type"], ["--capacity", "--expires", "--volatile"])
        case .queue:
            (
                ["--type"],
                [
                    "--capacity", "--priorities", "--maximum-bytes", "--lease-time", "--maximum-deliveries",
                    "--volatile",
                ]
            )
        case .log:
            (["--type"], ["--capacity", "--maximum-bytes", "--retained-bytes", "--maximum-age", "--volatile"])
        case .list: (["--type", "--capacity"], ["--volatile"])
        case .block: (["--count"], ["--volatile"])
        case .pipe: (["--capacity"], ["--volatile"])
        case .semaphore: (["--count"], ["--bound", "--volatile"])
        case .barrier, .latch: (["--count"], ["--volatile"])
        case .condition: (["--of"], ["--volatile"])
        case .mutex, .recursiveMutex, .readWriteLock, .event, .once: ([], ["--volatile"])
        }
    }
}

/// What `cellar new` is told besides the type, for one kind or several.
struct NewOptions: ParsableArguments {
    @Option(help: "Of a table or a dictionary: the type of the keys.") var key: String?
    @Option(help: "The most items, entries, elements; of a pipe, bytes.") var capacity: Int?
    @Flag(help: "Of a dictionary: entries can be given a time to live.") var expires = false
    @Option(help: "Of a queue: so many priorities (1).") var priorities: Int?
    @Option(help: "Of a queue or log: the longest element, where elements have any length.") var maximumBytes: Int?
    @Option(help: "Of a queue: how long a lease lasts: 30s (for as long as its holder lives).") var leaseTime: TimeSpan?
    @Option(help: "Of a queue: after so many deliveries an item is set aside (never).") var maximumDeliveries: Int?
    @Option(help: "Of a log: the most bytes of elements that are kept.") var retainedBytes: Int?
    @Option(help: "Of a log: how long entries are kept: 7d.") var maximumAge: TimeSpan?
    @Option(help: "Of a semaphore: the most permits ever.") var bound: Int?
    @Option(help: "Of a condition: the name of its mutex.") var of: String?

    var given: Set<String> {
        let all: [(String, Bool)] = [
            ("--key", key != nil), ("--capacity", capacity != nil), ("--expires", expires),
            ("--priorities", priorities != nil), ("--maximum-bytes", maximumBytes != nil),
            ("--lease-time", leaseTime != nil), ("--maximum-deliveries", maximumDeliveries != nil),
            ("--retained-bytes", retainedBytes != nil), ("--maximum-age", maximumAge != nil), ("--bound", bound != nil),
            ("--of", of != nil),
        ]
        return Set(all.filter(\.1).map(\.0))
    }

    func validate() throws {
        let numbers = [capacity, priorities, maximumBytes, maximumDeliveries, retainedBytes, bound].compactMap { $0 }
        if let number = numbers.first(where: { $0 < 1 }) {
            throw ValidationError("There is room for at least one of one byte, not for \(number)")
        }
        if let priorities, priorities > 64 { throw ValidationError("A queue has 1 to 64 priorities") }
    }

    func queue(_ persistence: Persistence) -> QueueOptions {
        QueueOptions(
            capacity: capacity, priorities: priorities, maximumByteCount: maximumBytes, leaseTime: leaseTime?.duration,
            maximumDeliveries: maximumDeliveries, persistence: persistence)
    }

    func log(_ persistence: Persistence) -> LogOptions {
        LogOptions(
            capacity: capacity, retainedByteCount: retainedBytes, maximumAge: maximumAge?.duration,
            maximumByteCount: maximumBytes, persistence: persistence)
    }
}

import ArgumentParser
import Cellar
import Glibc
import Synchronization

/// How long others wait while a dictionary grows.
struct Growth: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Fills a dictionary, while another thread gets and sets entries of it, and shows the longest of those calls.",
        discussion: "Beside them, the same thread does nothing for as long: what it waits then is the machine's.")

    @Option(help: "Entries to fill it with.") var entries = 10_000_000
    @Flag(help: "Adds memory in large pages.") var largePages = false

    func run() throws {
        let path = "/tmp/cellar-bench-\(getpid())"
        defer { try? Store.remove(path) }
        var options = Store.Options()
        options.checkpointInterval = .seconds(3600)
        options.prefersLargePages = largePages
        let store = try Store.open(path, options)
        defer { store.close() }
        let dictionary = try store.dictionary(
            "dictionary", keys: Key16.self, values: Block64.self, persistence: .volatile)
        for index in 0..<1000 { try dictionary.set(Block64(a: index), for: Key16(high: index, low: 7)) }
        let other = GrowthPeer(dictionary)
        let thread = startThread { other.run() }
        let start = now()
        for index in 1000..<entries { try dictionary.set(Block64(a: index), for: Key16(high: index, low: 7)) }
        let filled = now() - start
        other.isDone.store(true, ordering: .releasing)
        pthread_join(thread, nil)
        print("filled with \(entries) entries in \(short(filled / 1e9)) s, \(short(filled / Double(entries))) ns each")
        for (name, pauses) in [("get", other.gets), ("set", other.sets), ("nothing", other.nothing)] {
            print(
                "\(name): longest \(short(pauses.longest / 1e6)) ms, \(pauses.over) of \(pauses.count) over 1 ms, "
                    + "\(short(pauses.total / Double(max(pauses.count, 1)))) ns on average")
        }
    }
}

/// Lengths of calls.
struct Pauses {
    private(set) var count = 0
    private(set) var over = 0
    private(set) var longest = 0.0
    private(set) var total = 0.0

    mutating func add(_ nanoseconds: Double) {
        count += 1
        total += nanoseconds
        longest = max(longest, nanoseconds)
        if nanoseconds > 1e6 { over += 1 }
    }
}

/// Gets, sets and does nothing, in turn.
final class GrowthPeer: @unchecked Sendable {
    let isDone = Atomic(false)
    private(set) var gets = Pauses()
    private(set) var sets = Pauses()
    private(set) var nothing = Pauses()
    private let dictionary: SharedDictionary<Key16, Block64>

    init(_ dictionary: SharedDictionary<Key16, Block64>) { self.dictionary = dictionary }

    func run() {
        var key = 0
        while !isDone.load(ordering: .acquiring) {
            key = (key + 389) % 1000
            let start = now()
            guard (try? dictionary[Key16(high: key, low: 7)]) != nil else { fatalError("not found") }
            let got = now()
            do { try dictionary.set(Block64(a: key), for: Key16(high: key, low: 7)) } catch { fatalError("\(error)") }
            let set = now()
            var end = set
            while end - set < set - start, end - set < 2000 { end = now() }
            gets.add(got - start)
            sets.add(set - got)
            nothing.add(end - set)
        }
    }
}

/// Runs `body` on a thread of its own.
func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let argument = unsafe Unmanaged.passRetained(Box(body)).toOpaque()
    let result = unsafe pthread_create(
        &thread, nil,
        { argument in
            unsafe Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
            return nil
        }, argument)
    precondition(result == 0)
    return thread
}

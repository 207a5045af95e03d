import ArgumentParser
import CBare
import Cellar
import Glibc

/// Sixty-four bytes.
struct Block64 { var a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0 }

@main
struct Benchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cellar-bench", abstract: "Measures Cellar.",
        subcommands: [
            Operations.self, Growth.self, Recovery.self, Wake.self, Hold.self, WatchPeer.self, QueuePeer.self,
            QueueProfile.self, PipePeer.self,
        ],
        defaultSubcommand: Operations.self)
}

struct Operations: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures Cellar's main operations beside the bare operations of the hardware, in one run.",
        discussion: "Ratios of medians are what to look at: absolute times depend on the machine and its load. "
            + "Ends with status 1 if a figure misses its bound.")

    @Option(help: "How often each measurement is repeated.") var rounds = 15
    @Option(help: "Operations a measurement.") var operations = 2_000_000
    @Option(help: "Cells in the store for lookups and opening, entries in a table; ten times as many in a dictionary.")
    var cells = 100_000
    @Flag(help: "Has the dictionary's memory in large pages.") var largePages = false
    @Option(help: "One group alone: values, store, table, dictionary, transaction, queue, pipe, sync or idle.")
    var only: Group?

    enum Group: String, ExpressibleByArgument, CaseIterable {
        case values, store, table, dictionary, transaction, queue, pipe, sync, idle
    }

    func run() throws {
        let path = "/tmp/cellar-bench-\(getpid())"
        defer {
            try? Store.remove(path)
            try? Store.remove(path + "-many")
            try? Store.remove(path + "-table")
            try? Store.remove(path + "-dictionary")
            try? Store.remove(path + "-transaction")
            try? Store.remove(path + "-queue")
            try? Store.remove(path + "-pipe")
            try? Store.remove(path + "-sync")
        }
        print("work                               median        min…max (ns)       bare         ratio    bound")
        var rows: [Row] = []
        for group in only.map({ [$0] }) ?? Group.allCases {
            switch group {
            case .values: rows += try valueRows(path)
            case .store: rows += try StoreRows(path: path + "-many", cells: cells, rounds: rounds).rows()
            case .table: rows += try TableRows(path: path + "-table", entries: cells, rounds: rounds).rows()
            case .dictionary:
                rows += try DictionaryRows(
                    path: path + "-dictionary", entries: cells * 10, rounds: rounds, largePages: largePages
                ).rows()
            case .transaction:
                rows += try TransactionRows(path: path + "-transaction", operations: operations, rounds: rounds).rows()
            case .queue: rows += try QueueRows(path: path + "-queue", rounds: rounds).rows()
            case .pipe: rows += try PipeRows(path: path + "-pipe", rounds: rounds).rows()
            case .sync:
                rows += try SyncRows(path: path + "-sync", operations: operations, rounds: rounds).rows()
            case .idle: rows.append(try idleRow(path))
            }
        }
        if rows.contains(where: { !$0.holds }) { throw ExitCode(1) }
    }

    private func show(_ row: Row) -> Row {
        print(row.line)
        return row
    }

    // MARK: Values

    private func valueRows(_ path: String) throws -> [Row] {
        let store = try Store.open(path)
        defer { store.close() }
        let hits = try store.value("hits", initial: 0)
        let block = try store.value("block", initial: Block64())
        let page = unsafe bare_shared_page()!
        let word = unsafe page.assumingMemoryBound(to: UInt64.self)
        let n = operations
        let rows = [
            Comparison(name: "load Int", limit: 1.5, ours: { time(n) { Work.load(hits, n) } }) {
                time(n) { sink(Int(truncatingIfNeeded: unsafe bare_load(word, n))) }
            },
            Comparison(name: "store Int", limit: 1.5, ours: { time(n) { Work.store(hits, n) } }) {
                time(n) { unsafe bare_store(word, n) }
            },
            Comparison(name: "add Int", limit: 1.5, ours: { time(n) { Work.add(hits, n) } }) {
                time(n) { unsafe bare_add(word, n) }
            },
            Comparison(name: "load 64 bytes", limit: nil, ours: { time(n) { Work.load(block, n) } }) {
                time(n) { sink(Int(truncatingIfNeeded: unsafe bare_copy64(word, n))) }
            },
            Comparison(name: "store 64 bytes", limit: 1.5, ours: { time(n) { Work.store(block, n) } }) {
                time(n) { unsafe bare_locked_copy64(page, n) }
            },
        ].map { show($0.run(rounds: rounds)) }
        let load64 = rows[3].value
        return rows + [
            show(Row(name: "load 64 bytes, absolute", figure: "\(short(load64)) ns", limit: 6, value: load64))
        ]
    }

    // MARK: Doing nothing

    /// Processor time of an attached process that does nothing, in percent of one core.
    private func idleRow(_ path: String) throws -> Row {
        let store = try Store.open(path)
        defer { store.close() }
        try store.sync()
        let seconds: UInt32 = 5
        let before = processorSeconds()
        sleep(seconds)
        let percent = (processorSeconds() - before) / Double(seconds) * 100
        return show(Row(name: "idle attached process", figure: "\(short(percent)) %", limit: 0.1, value: percent))
    }

    private func processorSeconds() -> Double {
        var usage = rusage()
        unsafe getrusage(0, &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}

/// Keeps a result from being optimised away.
@inline(never)
func sink(_ value: Int) { if value == .min { print(value) } }

/// The loops that are measured.
enum Work {
    @inline(never)
    static func load(_ value: SharedValue<Int>, _ count: Int) {
        var sum = 0
        for _ in 0..<count { sum &+= value.load() }
        sink(sum)
    }

    @inline(never)
    static func store(_ value: SharedValue<Int>, _ count: Int) {
        for index in 0..<count { value.store(index) }
    }

    @inline(never)
    static func add(_ value: SharedValue<Int>, _ count: Int) {
        for _ in 0..<count { value.add(1) }
    }

    @inline(never)
    static func load(_ value: SharedValue<Block64>, _ count: Int) {
        var sum = 0
        for _ in 0..<count {
            guard let block = try? value.load() else { fatalError("unreadable") }
            sum &+= block.a &+ block.b &+ block.c &+ block.d &+ block.e &+ block.f &+ block.g &+ block.h
        }
        sink(sum)
    }

    @inline(never)
    static func lookUp(_ names: [String], in store: Store) {
        var sum = 0
        // Over a span, so that the loop itself does not count references to the array.
        let names = names.span
        for index in names.indices {
            guard let value = try? store.value(names[index], initial: 0) else { fatalError("not found") }
            sum &+= value.load()
        }
        sink(sum)
    }

    @inline(never)
    static func store(_ value: SharedValue<Block64>, _ count: Int) {
        for index in 0..<count { try? value.store(Block64(a: index, h: index)) }
    }
}

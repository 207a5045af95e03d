import BenchmarkSupport
import Cellar
import Glibc

typealias BlockTable = SharedTable<String, Block64>

/// An ordered table of text keys of 16 bytes and values of 64, and writes that are on disk when they return.
var tableWorks: [String: (Place) throws -> Work] {
    [
        "table-get": { place in
            let (store, table) = try filled(place)
            let names = Order.uniform(place.entries).map(entryName)
            return place.work(store) { count in
                try repeated(count, names) { names in try time { try TableLoops.get(names, from: table) } }
            }
        },
        "table-scan": { place in
            let (store, table) = try filled(place)
            return place.work(store) { count in
                let rounds = (count + place.entries - 1) / place.entries
                let taken = try time { for _ in 0..<rounds { try TableLoops.scan(table) } }
                return taken * Double(count) / Double(rounds * place.entries)
            }
        },
        "table-load": { place in
            let store = try place.open(quiet: true)
            let names = (0..<place.entries).map(entryName)
            return place.work(store, isOwnFigure: true) { _ in
                let table = try store.table("table", keys: String.self, values: Block64.self)
                defer { _ = try? store.removeTable("table") }
                return try time { try TableLoops.load(names, into: table) } / Double(names.count)
            }
        },
        "table-scans-and-puts": { place in
            let (store, table) = try filled(place)
            let mixer = TableMixer(table, entries: place.entries)
            return place.work(store) { count in try time { try mixer.run(count) } }
        },
        "durable": durable,
    ]
}

/// YCSB's E: of twenty operations one adds an entry, and the others scan from where many do.
private final class TableMixer {
    private let table: BlockTable
    private let starts: [String]
    private let scans: [Bool]
    private var place = 0
    private var newest: Int
    private static let length = 50

    init(_ table: BlockTable, entries: Int) {
        self.table = table
        newest = entries
        starts = Order.zipfian(entries, seed: 88_172_645_463_325_252).map(entryName)
        scans = Order.choices(95, seed: 1)
    }

    @inline(never)
    func run(_ count: Int) throws {
        for _ in 0..<count {
            place = place + 1 == starts.count ? 0 : place + 1
            if scans[place] {
                try scan(from: starts[place])
            } else {
                try table.set(Block64(a: newest), for: entryName(newest))
                newest += 1
            }
        }
    }

    private func scan(from start: String) throws {
        var (sum, left) = (0, Self.length)
        try table.read { (snapshot) throws(StoreError) in
            try snapshot.forEach(in: .from(start)) { (entry) throws(StoreError) in
                let block = try entry.value()
                sum &+= block.a &+ block.h
                left -= 1
                return left > 0
            }
        }
        sink(sum)
    }
}

private func filled(_ place: Place) throws -> (Store, BlockTable) {
    let store = try place.open(quiet: true)
    let table = try store.table("table", keys: String.self, values: Block64.self)
    try TableLoops.load((0..<place.entries).map(entryName), into: table)
    return (store, table)
}

/// Values of their own that several threads store, each waiting until it is on disk.
private func durable(_ place: Place) throws -> Work {
    let store = try place.open()
    let writers = place.number("writers", default: 1)
    let values = try (0..<writers).map { try store.value("value-\($0)", initial: 0) }
    return place.work(store) { count in
        let share = count / writers + 1
        let taken = time {
            let threads = values.map { value in
                Thread {
                    for index in 0..<share {
                        value.store(index)
                        do { try value.sync() } catch { fatalError("\(error)") }
                    }
                }
            }
            for thread in threads { thread.join() }
        }
        return taken * Double(count) / Double(share * writers)
    }
}

/// A plain thread.
@safe final class Thread: @unchecked Sendable {
    private let body: @Sendable () -> Void
    private var native = pthread_t()

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe pthread_create(
            &native, nil,
            { context in
                unsafe Unmanaged<Thread>.fromOpaque(context!).takeRetainedValue().body()
                return nil
            }, context)
    }

    func join() { pthread_join(native, nil) }
}

enum TableLoops {
    @inline(never)
    static func load(_ names: [String], into table: BlockTable) throws {
        try table.write { (batch) throws(StoreError) in
            for (index, name) in names.enumerated() { try batch.set(Block64(a: index), for: name) }
        }
    }

    @inline(never)
    static func get(_ names: ArraySlice<String>, from table: BlockTable) throws {
        var sum = 0
        for name in names {
            guard let block = try table.value(for: name) else { throw Skip("an entry is missing") }
            sum &+= block.a &+ block.h
        }
        sink(sum)
    }

    @inline(never)
    static func scan(_ table: BlockTable) throws {
        var sum = 0
        try table.read { (snapshot) throws(StoreError) in
            try snapshot.forEach(in: .all) { (entry) throws(StoreError) in
                let block = try entry.value()
                sum &+= block.a &+ block.h
                return true
            }
        }
        sink(sum)
    }
}

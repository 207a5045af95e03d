import Cellar

/// The main figures, in a store of its own.
struct Bench {
    /// 64 bytes.
    struct Sample: BitwiseCopyable {
        var first = SIMD4<Double>(1, 2, 3, 4)
        var second = SIMD4<Double>(5, 6, 7, 8)
    }

    private let store: Store
    private static let keys = 1_000
    private static let batch = 64

    init(_ store: Store) { self.store = store }

    /// One at a time, so that they can be shown as they come.
    func run(_ show: (Measurement) throws -> Void) throws {
        for group in [words, blocks, locks, dictionaries, queues, tables, disk] {
            for measurement in try group() { try show(measurement) }
        }
    }

    private func words() throws -> [Measurement] {
        let bare = BareWord()
        let cell = try store.value("word", initial: 0)
        return [
            Measurement("atomic load") { count in for _ in 0..<count { keep(bare.load()) } },
            Measurement("value load", beside: "atomic load") { count in for _ in 0..<count { keep(cell.load()) } },
            Measurement("atomic store") { count in for index in 0..<count { bare.store(index) } },
            Measurement("value store", beside: "atomic store") { count in for index in 0..<count { cell.store(index) }
            },
            Measurement("atomic add") { count in for _ in 0..<count { bare.add(1) } },
            Measurement("value add", beside: "atomic add") { count in for _ in 0..<count { cell.add(1) } },
        ]
    }

    private func blocks() throws -> [Measurement] {
        let cell = try store.value("block", initial: Sample())
        let bare = BareBlock(Sample())
        return [
            Measurement("copy 64 bytes") { count in for _ in 0..<count { keep(bare.load()) } },
            try Measurement("64-byte load", beside: "copy 64 bytes") { count in
                for _ in 0..<count { keep(try cell.load()) }
            },
            try Measurement("64-byte store", beside: "copy 64 bytes") { count in
                for _ in 0..<count { try cell.store(Sample()) }
            },
        ]
    }

    private func locks() throws -> [Measurement] {
        let bare = BareMutex()
        let mutex = try store.mutex("mutex")
        return [
            Measurement("pthread mutex") { count in for _ in 0..<count { bare.lockAndUnlock() } },
            try Measurement("mutex", beside: "pthread mutex") { count in
                for _ in 0..<count { try mutex.withLock {} }
            },
        ]
    }

    private func dictionaries() throws -> [Measurement] {
        let shared = try store.dictionary("dictionary", keys: Int.self, values: Int.self)
        for key in 0..<Self.keys { try shared.set(key, for: key) }
        var bare = Dictionary(uniqueKeysWithValues: (0..<Self.keys).map { ($0, $0) })
        return [
            Measurement("Dictionary get") { count in for index in 0..<count { keep(bare[index % Self.keys]) } },
            try Measurement("dictionary get", beside: "Dictionary get") { count in
                for index in 0..<count { keep(try shared.value(for: index % Self.keys)) }
            },
            Measurement("Dictionary set") { count in for index in 0..<count { bare[index % Self.keys] = index } },
            try Measurement("dictionary set", beside: "Dictionary set") { count in
                for index in 0..<count { try shared.set(index, for: index % Self.keys) }
            },
        ]
    }

    private func queues() throws -> [Measurement] {
        let queue = try store.queue("queue", of: Int.self)
        let batch = Array(0..<Self.batch)
        return [
            try Measurement("queue put + get") { count in
                for index in 0..<count {
                    try queue.put(index)
                    keep(try queue.get())
                }
            },
            try Measurement("\(Self.batch) put + get", beside: "queue put + get") { count in
                for _ in 0..<count {
                    try queue.put(contentsOf: batch)
                    keep(try queue.get(upTo: Self.batch).count)
                }
            },
        ]
    }

    private func tables() throws -> [Measurement] {
        let table = try store.table("table", keys: Int.self, values: Int.self)
        try table.write { (rows) throws(StoreError) in
            for key in 0..<Self.keys { try rows.set(key, for: key) }
        }
        return [
            try Measurement("table get") { count in
                for index in 0..<count { keep(try table.value(for: index % Self.keys)) }
            },
            try Measurement("table set, on disk") { count in
                for index in 0..<count { try table.set(index, for: index % Self.keys) }
            },
        ]
    }

    private func disk() throws -> [Measurement] {
        let bare = try BareFile(in: store.path)
        let cell = try store.value("word", initial: 0)
        return [
            try Measurement("write + fsync") { count in for _ in 0..<count { try bare.writePage() } },
            try Measurement("value store + sync", beside: "write + fsync") { count in
                for index in 0..<count {
                    cell.store(index)
                    try store.sync()
                }
            },
        ]
    }

    /// So that the compiler does not leave out what nobody uses.
    @inline(never) private func keep<Value>(_ value: Value) {}
}

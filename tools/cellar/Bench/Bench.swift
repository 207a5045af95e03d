import Cellar
import Synchronization

/// The main figures, in a store of its own.
struct Bench {
    /// 64 bytes.
    struct Sample: BitwiseCopyable {
        var first = SIMD4<Double>(1, 2, 3, 4)
        var second = SIMD4<Double>(5, 6, 7, 8)
    }

    private let store: Store
    private static let keys = 1_000
    /// Rows of a table: each is written to disk.
    private static let rows = 100
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
            Measurement("atomic load") { count in sum(count) { _ in bare.load() } },
            Measurement("value load", beside: "atomic load") { count in sum(count) { _ in cell.load() } },
            Measurement("atomic store") { count in for index in 0..<count { bare.store(index) } },
            Measurement("value store", beside: "atomic store") { count in for index in 0..<count { cell.store(index) }
            },
            Measurement("atomic add") { count in for _ in 0..<count { bare.add(1) } },
            Measurement("value add", beside: "atomic add") { count in for _ in 0..<count { cell.add(1) } },
        ]
    }

    private func blocks() throws -> [Measurement] {
        let cell = try store.value("block", initial: Sample())
        let bare = BareBlock(count: MemoryLayout<Sample>.size)
        let sample = Sample()
        return [
            Measurement("copy 64 bytes") { count in for _ in 0..<count { bare.copy() } },
            try Measurement("64-byte load", beside: "copy 64 bytes") { count in
                try sum(count) { _ in Int(try cell.load().second.w) }
            },
            try Measurement("64-byte store", beside: "copy 64 bytes") { count in
                for _ in 0..<count { try cell.store(sample) }
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
            Measurement("Dictionary get") { count in sum(count) { bare[$0 % Self.keys] ?? 0 } },
            try Measurement("dictionary get", beside: "Dictionary get") { count in
                try sum(count) { try shared.value(for: $0 % Self.keys) ?? 0 }
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
                try sum(count) { index in
                    try queue.put(index)
                    return try queue.get() ?? 0
                }
            },
            try Measurement("\(Self.batch) put + get", beside: "queue put + get") { count in
                try sum(count) { _ in
                    try queue.put(contentsOf: batch)
                    return try queue.get(upTo: Self.batch).count
                }
            },
        ]
    }

    private func tables() throws -> [Measurement] {
        let table = try store.table("table", keys: Int.self, values: Int.self)
        for key in 0..<Self.rows { try table.set(key, for: key) }
        return [
            try Measurement("table get") { count in try sum(count) { try table.value(for: $0 % Self.rows) ?? 0 } },
            try Measurement("table set, on disk") { count in
                for index in 0..<count { try table.set(index, for: index % Self.rows) }
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

    // MARK: Reading

    private static let sink = Atomic<Int>(0)

    /// Adds up what `read` gives, and keeps that: so that the compiler does not leave out what nobody uses.
    @inline(__always)
    private func sum(_ count: Int, _ read: (Int) throws -> Int) rethrows {
        var sum = 0
        for index in 0..<count { sum &+= try read(index) }
        Self.sink.store(sum, ordering: .relaxed)
    }
}

import ArgumentParser
import CBare
import CBoost
import Cellar
import Glibc
import Synchronization

/// Queues beside Boost's, and beside Python's between processes.
struct QueueRows {
    let path: String
    let rounds: Int

    func rows() throws -> [Row] {
        let store = try Store.open(path)
        defer { store.close() }
        let queue = try store.queue("items", of: Block64.self, options: QueueOptions(persistence: .volatile))
        let kept = try store.queue("kept", of: Block64.self)
        let n = 300_000
        var rows = [
            Comparison(name: "queue put + get, 64 bytes", limit: 1, ours: { time(n) { Self.pairs(queue, n) } }) {
                boost_queue_pairs(n)
            }.run(rounds: rounds),
            Comparison(name: "the same, of a persistent queue", limit: nil, ours: { time(n) { Self.pairs(kept, n) } }) {
                boost_queue_pairs(n)
            }.run(rounds: rounds),
            Comparison(name: "lease + acknowledge", limit: nil, ours: { time(n) { Self.leases(queue, n) } }) {
                boost_queue_pairs(n)
            }.run(rounds: rounds),
            Comparison(name: "put + get in batches of 64", limit: 0.2, ours: { time(n) { Self.batches(queue, n) } }) {
                boost_queue_pairs(n)
            }.run(rounds: rounds),
        ]
        for row in rows { print(row.line) }
        for row in try processRows() + [durableRow(store)] {
            print(row.line)
            rows.append(row)
        }
        return rows
    }

    // MARK: One process

    @inline(never)
    static func pairs(_ queue: SharedQueue<Block64>, _ count: Int) {
        var sum = 0
        for index in 0..<count {
            try? queue.put(Block64(a: index))
            sum &+= (try? queue.get())?.a ?? 0
        }
        sink(sum)
    }

    @inline(never)
    static func leases(_ queue: SharedQueue<Block64>, _ count: Int) {
        for index in 0..<count {
            try? queue.put(Block64(a: index))
            try? queue.lease()?.acknowledge()
        }
    }

    @inline(never)
    static func batches(_ queue: SharedQueue<Block64>, _ count: Int) {
        let batch = (0..<64).map { Block64(a: $0) }
        var sum = 0
        for _ in 0..<count / 64 {
            _ = try? queue.put(contentsOf: batch)
            sum &+= (try? queue.get(upTo: 64))?.count ?? 0
        }
        sink(sum)
    }

    // MARK: Two processes

    private func processRows() throws -> [Row] {
        let count = 200_000
        let python = 30_000
        let few = max(rounds / 3, 3)
        return [("queue", 0.05), ("pipe", 0.2)].map { kind, limit in
            Comparison(
                name: "process to process, Python's \(kind)", limit: limit,
                ours: { Self.betweenProcesses(path, count, batch: 1) }
            ) {
                Self.python(kind, python)
            }.run(rounds: few)
        } + [
            Comparison(
                name: "the same in batches of 64", limit: nil, ours: { Self.betweenProcesses(path, count, batch: 64) }
            ) {
                Self.python("queue", python)
            }.run(rounds: few)
        ]
    }

    private static func python(_ kind: String, _ count: Int) -> Double {
        let script =
            #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/peers/multiprocessing_queue.py"
        guard let peer = try? Peer("python3", [script, kind, "\(count)"]) else { return .nan }
        defer { peer.join() }
        return Double(peer.line()) ?? .nan
    }

    private static func betweenProcesses(_ path: String, _ count: Int, batch: Int) -> Double {
        guard let store = try? Store.open(path),
            let queue = try? store.queue("between", of: Block64.self, options: QueueOptions(persistence: .volatile)),
            let peer = try? Peer(["queue-peer", path, "\(count)", "\(batch)"])
        else { return .nan }
        defer {
            peer.join()
            store.close()
        }
        var left = count
        left -= batch == 1 ? ((try? queue.get()) == nil ? 0 : 1) : (try? queue.get(upTo: batch).count) ?? 0
        let first = left
        let start = now()
        while left > 0 {
            if batch == 1 {
                guard (try? queue.get(timeout: .seconds(20))) != nil else { return .nan }
                left -= 1
            } else {
                guard let got = try? queue.get(upTo: batch, timeout: .seconds(20)) else { return .nan }
                left -= got.count
            }
        }
        return (now() - start) / Double(first)
    }

    // MARK: Durable

    /// How many times as many durable puts a second 64 producers make as one. Its inverse is what is held against the bound.
    private func durableRow(_ store: Store) throws -> Row {
        let queue = try store.queue("durable", of: Int.self, options: QueueOptions(capacity: 100_000))
        var one = Samples()
        var many = Samples()
        for _ in 0..<3 {
            one.add(Self.durable(queue, producers: 1, puts: 30))
            many.add(Self.durable(queue, producers: 64, puts: 30))
            try queue.removeAll()
        }
        let factor = one.median / many.median
        return Row(
            name: "durable put, 64 producers", figure: "\(short(many.median)) ns", spread: "",
            peer: "\(short(one.median)) ns", ratio: 1 / factor, limit: 0.05, value: many.median)
    }

    private static func durable(_ queue: SharedQueue<Int>, producers: Int, puts: Int) -> Double {
        let start = now()
        let threads = (0..<producers).map { _ in
            Thread {
                for index in 0..<puts { try? queue.put(index, sync: true) }
            }
        }
        for thread in threads { thread.join() }
        return (now() - start) / Double(producers * puts)
    }
}

/// The process that puts.
struct QueuePeer: ParsableCommand {
    static let configuration = CommandConfiguration(shouldDisplay: false)
    @Argument var path: String
    @Argument var count: Int
    @Argument var batch: Int

    func run() throws {
        let store = try Store.open(path)
        defer { store.close() }
        let queue = try store.queue("between", of: Block64.self, options: QueueOptions(persistence: .volatile))
        if batch == 1 {
            for index in 0..<count { try queue.put(Block64(a: index)) }
        } else {
            let items = (0..<batch).map { Block64(a: $0) }
            for _ in 0..<count / batch { try queue.put(contentsOf: items) }
            try queue.put(contentsOf: items.prefix(count % batch))
        }
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

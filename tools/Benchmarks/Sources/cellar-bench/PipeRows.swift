import ArgumentParser
import CBare
import Cellar
import Glibc

/// Messages between two processes: how long one takes, asleep and awake, and how many there can be.
struct PipeRows {
    let path: String
    let rounds: Int

    private static let pause: UInt32 = 300
    private static let wakes: Int32 = 300
    private static let turns = 100_000
    private static let sleepingTurns = 5_000

    func rows() throws -> [Row] {
        let store = try Store.open(path)
        defer { store.close() }
        var rows: [Row] = []
        func show(_ row: Row) {
            print(row.line)
            rows.append(row)
        }
        show(try alone(store))
        show(
            Comparison(name: "pipe, receiver asleep, 2 processors", limit: 1.3, ours: { wake(store) }) {
                bare_wake(0, 1, Self.wakes, Self.pause)
            }.run(rounds: rounds))
        show(
            Comparison(
                name: "pipe, turns, 1 processor, futex", limit: 1.5, ours: { pingPong(store, 0, Self.sleepingTurns) }
            ) { bare_futex_ping_pong(0, 0, Int32(Self.sleepingTurns)) }.run(rounds: rounds))
        show(
            Comparison(name: "pipe, turns, 2 processors, awake", limit: 2, ours: { pingPong(store, 1, Self.turns) }) {
                bare_ping_pong(0, 1, Int32(Self.turns))
            }.run(rounds: rounds))
        let hasPython = pythonStream(64, 10).isFinite
        for (size, count) in [(64, 200_000), (65_536, 20_000)] where hasPython {
            show(
                Comparison(
                    name: "pipe, \(size) bytes, Python's Pipe", limit: 1, ours: { stream(store, size, count) }
                ) { pythonStream(size, count / 10) }.run(rounds: max(rounds / 5, 1)))
        }
        return rows
    }

    /// Sending and receiving without anybody else: what the two cost by themselves.
    private func alone(_ store: Store) throws -> Row {
        let pipe = try store.pipe("alone", capacity: 4096)
        let (first, second) = (try pipe.open(.first), try pipe.open(.second))
        let count = 1_000_000
        var samples = Samples()
        for _ in 0..<rounds { samples.add(time(count) { Self.turn(first, second, count) }) }
        return Row(
            name: "pipe, send and receive, 1 thread", figure: "\(short(samples.median)) ns", spread: samples.spread,
            value: samples.median)
    }

    @inline(never)
    private static func turn(_ first: PipeEnd, _ second: PipeEnd, _ count: Int) {
        for number in 0..<count {
            guard (try? first.send(number)) != nil, let seen = try? second.receive(as: Int.self) else { return }
            sink(seen)
        }
    }

    /// From just before the message is sent until the other has it, which fell asleep before.
    private func wake(_ store: Store) -> Double {
        with(store, 1, "stamps") { end, peer in
            for _ in 0..<Int(Self.wakes) {
                usleep(Self.pause)
                try end.send(now())
            }
            try end.send(-1.0)
            return Double(peer.line()) ?? .nan
        }
    }

    /// Half of the time from sending a message until its echo is there.
    private func pingPong(_ store: Store, _ processor: Int, _ turns: Int) -> Double {
        with(store, processor, "echo") { end, _ in
            for number in 0..<100 {
                try end.send(number)
                _ = try end.receive(as: Int.self)
            }
            let start = now()
            for number in 0..<turns {
                try end.send(number)
                _ = try end.receive(as: Int.self)
            }
            return (now() - start) / Double(2 * turns)
        }
    }

    /// Messages of so many bytes, written and read in place, until the last was received.
    private func stream(_ store: Store, _ size: Int, _ count: Int) -> Double {
        with(store, 1, "drain", capacity: 1 << 20) { end, _ in
            let start = now()
            for number in 0..<count {
                try unsafe end.send(byteCount: size) { bytes in
                    _ = unsafe memset(bytes.baseAddress!, Int32(number & 0xFF), bytes.count)
                }
            }
            try end.send([])
            _ = try end.receive()
            return (now() - start) / Double(count)
        }
    }

    private func with(
        _ store: Store, _ processor: Int, _ mode: String, capacity: Int = 4096, _ body: (PipeEnd, Peer) throws -> Double
    ) -> Double {
        do {
            defer { try? store.remove("pipe") }
            let end = try store.pipe("pipe", capacity: capacity).open(.first)
            let peer = try Peer(["pipe-peer", path, "\(processor)", mode])
            bare_pin(0)
            _ = peer.line()
            let result = try body(end, peer)
            end.close()
            peer.join()
            return result
        } catch {
            print(error)
            return .nan
        }
    }

    private func pythonStream(_ size: Int, _ count: Int) -> Double {
        let script = """
            import multiprocessing as m, os, sys, time
            os.sched_setaffinity(0, {0})
            def drain(end):
                os.sched_setaffinity(0, {1})
                end.send_bytes(b'.')
                while end.recv_bytes(): pass
                end.send_bytes(b'.')
            here, there = m.Pipe()
            child = m.Process(target=drain, args=(there,))
            child.start()
            here.recv_bytes()
            data = bytes(\(size))
            start = time.perf_counter_ns()
            for _ in range(\(count)): here.send_bytes(data)
            here.send_bytes(b'')
            here.recv_bytes()
            print((time.perf_counter_ns() - start) / \(count))
            """
        guard let peer = try? Peer("python3", ["-c", script]) else { return .nan }
        let result = Double(peer.line()) ?? .nan
        peer.join()
        return result
    }
}

/// The other end.
struct PipePeer: ParsableCommand {
    static let configuration = CommandConfiguration(shouldDisplay: false)
    @Argument var path: String
    @Argument var processor: Int
    @Argument var mode: String

    func run() throws {
        let store = try Store.open(path)
        defer { store.close() }
        bare_pin(Int32(processor))
        let end = try store.pipe("pipe").open(.second)
        print("ready")
        fflush(nil)
        switch mode {
        case "stamps": try stamps(end)
        case "echo": while let number = try end.receive(as: Int.self) { try end.send(number) }
        default:
            while let count = try end.receive({ $0.byteCount }), count > 0 {}
            try end.send([])
        }
        // The other closes first: it knows what it waits for.
        while try end.receive() != nil {}
    }

    private func stamps(_ end: PipeEnd) throws {
        var samples = Samples()
        while let stamp = try end.receive(as: Double.self), stamp >= 0 { samples.add(now() - stamp) }
        print(samples.median)
        fflush(nil)
    }
}

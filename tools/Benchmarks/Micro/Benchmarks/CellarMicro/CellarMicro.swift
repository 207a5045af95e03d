import Benchmark
import Cellar
import Glibc

/// Registers each operation alone, and with others doing the same where several processes can.
let benchmarks: @Sendable () -> Void = {
    // Started again as one of the others?
    Peer.runIfAsked()
    unsafe Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock], warmupIterations: 3, maxDuration: .milliseconds(200), maxIterations: 1_000_000)
    for operation in Operation.all {
        for processes in operation.isShared ? [1, 2, 4, 8] : [1] { register(operation, processes) }
    }
}

@Sendable private func register(_ operation: Operation, _ processes: Int) {
    var configuration = unsafe Benchmark.defaultConfiguration
    configuration.scalingFactor = operation.isBrief ? .kilo : .one
    let stage = Stage(operation, processes)
    let name = processes == 1 ? operation.name : "\(operation.name), \(processes) processes"
    Benchmark(name, configuration: configuration) { benchmark in
        try stage.perform(benchmark.scaledIterations.count)
    } setup: {
        try stage.build()
    } teardown: {
        stage.strike()
    }
}

/// A store with what an operation needs, and the processes that do the same.
///
/// Used by one thread at a time: that is what the package promises of set-up, measurement and teardown.
private final class Stage: @unchecked Sendable {
    private let operation: Operation
    private let processes: Int
    private var store: Store?
    private var loop: Operation.Loop?
    private var peers: [Peer] = []

    init(_ operation: Operation, _ processes: Int) {
        self.operation = operation
        self.processes = processes
    }

    private var path: String { "/tmp/cellar-micro-\(getpid())" }

    func build() throws {
        let store = try Store.open(path, operation.options)
        self.store = store
        loop = try operation.prepare(store)
        peers = try (1..<processes).map { _ in try Peer(operation.name, path) }
        let ready = try Peer.ready(store)
        for _ in 0..<20_000 where ready.load() < peers.count { usleep(1000) }
        guard ready.load() == peers.count else { fatalError("the other processes do not come: \(operation.name)") }
    }

    func perform(_ count: Int) throws {
        guard let loop else { fatalError("nothing was built") }
        try loop(count)
    }

    func strike() {
        for peer in peers { peer.end() }
        (peers, loop) = ([], nil)
        store?.close()
        store = nil
        // What operations of the store as a whole leave beside it.
        for place in ["", "-opened", "-made", "-backup"] { try? Store.remove(path + place) }
    }
}

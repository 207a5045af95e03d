import Cellar

/// The worker processes, seen from the one that started them.
struct Workforce {
    private let cells: DemoCells
    private(set) var running: [WorkerProcess] = []

    init(cells: DemoCells) { self.cells = cells }

    mutating func start(storePath: String) throws {
        for number in 1...DemoCells.workers {
            running.append(try WorkerProcess(number: number, storePath: storePath))
        }
    }

    /// Kills a worker that is in the middle of a piece, the second by preference; nil if none is at the moment.
    mutating func killOne() throws -> WorkerProcess? {
        let busy = running.filter { cells.claimed(by: $0.number) != nil }
        guard let victim = busy.first(where: { $0.number == 2 }) ?? busy.first else { return nil }
        victim.kill()
        _ = victim.ending(waits: true)
        running.removeAll { $0.number == victim.number }
        try cells.release(worker: victim.number)
        return victim
    }

    /// Sees to those that ended by themselves. Returns what there is to say about them.
    mutating func collect() throws -> [String] {
        var news: [String] = []
        for worker in running {
            guard let ending = worker.ending() else { continue }
            running.removeAll { $0.number == worker.number }
            try cells.release(worker: worker.number)
            if !cells.isDone { news.append("worker \(worker.number) (pid \(worker.processID)) ended \(ending)") }
        }
        return news
    }

    /// Ends those that are left, at once or after they had time to finish.
    mutating func end(after patience: Duration = .zero) {
        let deadline = ContinuousClock.now + patience
        while !running.isEmpty, ContinuousClock.now < deadline {
            running.removeAll { $0.ending() != nil }
            if !running.isEmpty { SystemCall.sleep(.milliseconds(2)) }
        }
        for worker in running { worker.kill() }
        for worker in running { _ = worker.ending(waits: true) }
        running = []
    }
}

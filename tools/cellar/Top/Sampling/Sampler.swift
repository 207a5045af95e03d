import Cellar

/// Looks at a store for as long as it is there, be its segment made anew or gone. Changes nothing.
struct Sampler {
    private let argument: StoreArgument
    /// Nil while it cannot be opened again.
    private var store: Store?
    private var files: StoreFiles
    private var looks = CellLooks()
    private var queues = QueueLooks()
    private var tables = TableLooks()
    private var checkpoints = CheckpointLooks()

    init(_ argument: StoreArgument) throws {
        self.argument = argument
        let store = try argument.look()
        self.store = store
        files = StoreFiles(of: store)
        try? looks.list(store)
        looks.look(store)
    }

    mutating func close() {
        store?.close()
        store = nil
    }

    /// A cheap look, to be taken often: what changes between two samples is seen by it.
    mutating func look() { if let store { looks.look(store) } }

    /// All there is to see now. Throws if there is no store any more.
    mutating func sample() throws -> Sample {
        var sample = Sample(time: SystemCall.now, path: argument.path)
        do throws(StoreError) { try renew() } catch {
            if [.noSuchStore, .notAStore].contains(error.code) { throw error }
            sample.add(error)
        }
        guard let store else { return sample }
        sample.note { sample throws(StoreError) in sample.figures = try store.statistics() }
        sample.note { _ throws(StoreError) in try looks.list(store) }
        looks.look(store)
        sample.cells = looks.rates()
        sample.queues = queues.rates(sample.cells, in: store, at: sample.time)
        if let problem = queues.problem { sample.add(problem) }
        sample.note { sample throws(StoreError) in sample.tables = try tables.rates(in: store) }
        sample.note { sample throws(StoreError) in sample.locks = try store.locks() }
        sample.processes = store.attachments().sorted { $0.id < $1.id }
        sample.checkpoints = checkpoints.note(sample.figures?.segment)
        return sample
    }

    /// Opens the store again if there is another by now, or another segment, or was none.
    private mutating func renew() throws(StoreError) {
        if store != nil, files.hasSegment, files.again == files { return }
        // First closed: two that are open at one time share what they have.
        close()
        looks.forget()
        tables.forget()
        let store = try argument.look()
        files = StoreFiles(of: store)
        self.store = store
    }
}

extension Sample {
    /// Where something cannot be read, that is told, and the rest shown.
    fileprivate mutating func note(_ body: (inout Sample) throws(StoreError) -> Void) {
        do throws(StoreError) { try body(&self) } catch { add(error) }
    }

    fileprivate mutating func add(_ error: StoreError) {
        if !problems.contains(error.message) { problems.append(error.message) }
    }
}

/// Notes when checkpoints come.
private struct CheckpointLooks {
    private var last: (number: UInt64, time: ContinuousClock.Instant)?
    private var newest: ContinuousClock.Instant?

    mutating func note(_ segment: StoreStatistics.SegmentStatistics?) -> Sample.Checkpoints {
        guard let number = segment?.lastCheckpoint else {
            (last, newest) = (nil, nil)
            return Sample.Checkpoints()
        }
        let now = ContinuousClock.now
        var result = Sample.Checkpoints()
        if let last, number >= last.number {
            result.rate = Double(number - last.number) / max((now - last.time) / .seconds(1), 1e-9)
            if number > last.number { newest = now }
        }
        result.age = newest.map { now - $0 }
        last = (number, now)
        return result
    }
}

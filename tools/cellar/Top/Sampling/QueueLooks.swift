import Cellar

/// All queues of a store: how deep they are, and how much went in and out since the last look.
struct QueueLooks {
    private struct Looked {
        var time: ContinuousClock.Instant
        var putCount: UInt64?
        var count: Int
        var history: History
        var oldest: UInt64?
        /// When to look for the oldest again.
        var nextOldest: ContinuousClock.Instant
    }

    private var seen: [String: Looked] = [:]
    private let clock = ContinuousClock()
    /// Why one of them could not be looked at the last time; nil if all could.
    private(set) var problem: StoreError?

    /// What is in which queue now; others may remove one meanwhile.
    mutating func rates(_ cells: [Sample.CellRate], in store: Store, at wall: UInt64) -> [Sample.QueueRate] {
        problem = nil
        var rates: [Sample.QueueRate] = []
        var now: [String: Looked] = [:]
        for cell in cells where cell.kind == CellInfo.Kind.queue.rawValue {
            do throws(StoreError) {
                let queue = try store.untypedQueue(cell.name)
                let rate = try rate(queue, seen[cell.name], at: wall)
                (now[cell.name], _) = (rate.looked, rates.append(rate.rate))
            } catch {
                if ![.noSuchCell, .removed, .mismatch].contains(error.code) { problem = error }
            }
        }
        seen = now
        return rates
    }

    private func rate(
        _ queue: UntypedQueue, _ last: Looked?, at wall: UInt64
    ) throws(StoreError) -> (rate: Sample.QueueRate, looked: Looked) {
        let (time, putCount, depth) = (clock.now, queue.putCount, try queue.depth())
        let count = depth.unfinished + depth.dead
        var looked = Looked(
            time: time, putCount: putCount, count: count, history: last?.history ?? History(), oldest: last?.oldest,
            nextOldest: last?.nextOldest ?? time)
        looked.history.add(Double(depth.unfinished))
        if time >= looked.nextOldest {
            looked.oldest = try queue.oldestPut()
            looked.nextOldest = time + (clock.now - time) * 20
        }
        var rate = Sample.QueueRate(
            name: queue.info.name, capacity: queue.capacity, depth: depth, history: looked.history.values)
        if let oldest = looked.oldest, depth.unfinished > 0 {
            rate.oldestAge = .milliseconds(Int64(clamping: wall / 1_000_000) - Int64(clamping: oldest))
        }
        if let last, let before = last.putCount, let putCount, putCount >= before {
            let seconds = max((time - last.time) / .seconds(1), 1e-9)
            let puts = Double(putCount - before)
            rate.putRate = puts / seconds
            rate.outRate = max(puts - Double(count - last.count), 0) / seconds
        }
        return (rate, looked)
    }
}

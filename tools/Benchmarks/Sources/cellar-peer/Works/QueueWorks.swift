import BenchmarkSupport
import Cellar

/// Queues, by one process alone and between processes.
var queueWorks: [String: (Place) throws -> Work] {
    [
        "queue-alone": { place in try ofItems(place) { try alone($0, place) } },
        "queue-leases": { place in try ofItems(place) { try leases($0, place) } },
        "queue-batch-alone": { place in try ofItems(place) { try batchAlone($0, place) } },
        "queue": { place in try ofItems(place) { try between($0, place, batch: 1) } },
        "queue-batch": { place in
            try ofItems(place) { try between($0, place, batch: place.number("batch", default: 64)) }
        },
        "queue-turns": { place in try ofItems(place) { try turns($0, place) } },
        "queue-durable": durable,
    ]
}

private func ofItems(_ place: Place, _ body: (any Numbered.Type) throws -> Work) throws -> Work {
    try body(block(place.bytes))
}

extension Store {
    fileprivate func items<Item: Numbered>(_: Item.Type, _ place: Place, _ name: String = "items") throws
        -> SharedQueue<Item>
    {
        let capacity = MemoryLayout<Item>.size > 4096 ? 64 : 1024
        return try queue(name, of: Item.self, options: QueueOptions(capacity: capacity, persistence: place.persistence))
    }
}

/// How long anybody waits for an item.
private let patience = Duration.seconds(30)

private func alone<Item: Numbered>(_: Item.Type, _ place: Place) throws -> Work {
    let store = try place.open()
    let queue = try store.items(Item.self, place)
    return place.work(store) { count in try time { try QueueLoops.pairs(queue, count) } }
}

private func leases<Item: Numbered>(_: Item.Type, _ place: Place) throws -> Work {
    let store = try place.open()
    let queue = try store.items(Item.self, place)
    return place.work(store) { count in try time { try QueueLoops.leases(queue, count) } }
}

private func batchAlone<Item: Numbered>(_: Item.Type, _ place: Place) throws -> Work {
    let store = try place.open()
    let queue = try store.items(Item.self, place)
    let batch = place.number("batch", default: 64)
    return place.work(store) { count in
        let rounds = (count + batch - 1) / batch
        let taken = try time { try QueueLoops.batches(queue, rounds, batch) }
        return taken * Double(count) / Double(rounds * batch)
    }
}

/// From `producers` processes to `consumers`, of which this is one.
private func between<Item: Numbered>(_: Item.Type, _ place: Place, batch: Int) throws -> Work {
    let store = try place.open()
    let queue = try store.items(Item.self, place)
    let (producers, consumers) = (place.number("producers", default: 1), place.number("consumers", default: 1))
    let putting = try Parts("producer", count: producers, at: place)
    let getting = consumers > 1 ? try Parts("consumer", count: consumers - 1, at: place) : nil
    return Work { count in
        // Whole batches for all, and as many put as got.
        let unit = producers * consumers * batch
        let total = (count + unit - 1) / unit * unit
        var sum = 0.0
        let run = { sum = Double(try QueueLoops.consume(queue, total / consumers, batch)) }
        var others: [Double] = []
        let taken = try putting.run(share: total / producers) {
            if let getting { others = try getting.run(share: total / consumers, run).answers } else { try run() }
        }.nanoseconds
        let each = total / producers
        guard sum + others.reduce(0, +) == Double(producers * (each * (each - 1) / 2)) else {
            throw Skip("items were lost")
        }
        return taken * Double(count) / Double(total)
    } finish: {
        putting.end()
        getting?.end()
        store.close()
        place.remove()
    }
}

/// There and back.
private func turns<Item: Numbered>(_: Item.Type, _ place: Place) throws -> Work {
    let store = try place.open()
    let (there, back) = (try store.items(Item.self, place, "there"), try store.items(Item.self, place, "back"))
    let other = try Parts("turns", count: 1, at: place)
    return Work { count in
        let rounds = count / 2 + 1
        let taken = try other.run(share: rounds) { try QueueLoops.turns(there, back, rounds) }.nanoseconds
        return taken * Double(count) / Double(2 * rounds)
    } finish: {
        other.end()
        store.close()
        place.remove()
    }
}

/// Items that several threads put, each waiting until it is on disk.
private func durable(_ place: Place) throws -> Work {
    let store = try place.open()
    let queue = try store.queue("durable", of: Int.self, options: QueueOptions(capacity: 100_000))
    let writers = place.number("writers", default: 1)
    return place.work(store) { count in
        let share = count / writers + 1
        let taken = time {
            let threads = (0..<writers).map { _ in
                Thread {
                    for index in 0..<share { do { try queue.put(index, sync: true) } catch { fatalError("\(error)") } }
                }
            }
            for thread in threads { thread.join() }
        }
        try queue.removeAll()
        return taken * Double(count) / Double(share * writers)
    }
}

enum QueueParts {
    static func producer(_ store: Store, _ place: Place) throws -> (Int) throws -> Double {
        try producing(block(place.bytes), store, place)
    }
    static func consumer(_ store: Store, _ place: Place) throws -> (Int) throws -> Double {
        try consuming(block(place.bytes), store, place)
    }
    static func turns(_ store: Store, _ place: Place) throws -> (Int) throws -> Double {
        try turning(block(place.bytes), store, place)
    }

    private static func producing<Item: Numbered>(_: Item.Type, _ store: Store, _ place: Place) throws -> (Int) throws
        -> Double
    {
        let queue = try store.items(Item.self, place)
        let batch = place.parameters["batch"].flatMap { Int($0) } ?? 1
        return { share in
            try QueueLoops.produce(queue, share, batch)
            return 0
        }
    }

    private static func consuming<Item: Numbered>(_: Item.Type, _ store: Store, _ place: Place) throws -> (Int) throws
        -> Double
    {
        let queue = try store.items(Item.self, place)
        return { share in Double(try QueueLoops.consume(queue, share, 1)) }
    }

    private static func turning<Item: Numbered>(_: Item.Type, _ store: Store, _ place: Place) throws -> (Int) throws ->
        Double
    {
        let (there, back) = (try store.items(Item.self, place, "there"), try store.items(Item.self, place, "back"))
        return { rounds in
            try QueueLoops.answer(there, back, rounds)
            return 0
        }
    }
}

private enum QueueLoops {
    @inline(never) @_specialize(where Item == Int) @_specialize(where Item == Block64)
    @_specialize(where Item == Block1K) @_specialize(where Item == Block64K)
    static func pairs<Item: Numbered>(_ queue: SharedQueue<Item>, _ count: Int) throws {
        var sum = 0
        var item = Item()
        for index in 0..<count {
            item.number = index
            try queue.put(item)
            sum &+= try queue.get()?.number ?? 0
        }
        sink(sum)
    }

    @inline(never) @_specialize(where Item == Int) @_specialize(where Item == Block64)
    @_specialize(where Item == Block1K) @_specialize(where Item == Block64K)
    static func leases<Item: Numbered>(_ queue: SharedQueue<Item>, _ count: Int) throws {
        var item = Item()
        for index in 0..<count {
            item.number = index
            try queue.put(item)
            try queue.lease()?.acknowledge()
        }
    }

    @inline(never) @_specialize(where Item == Int) @_specialize(where Item == Block64)
    @_specialize(where Item == Block1K) @_specialize(where Item == Block64K)
    static func batches<Item: Numbered>(_ queue: SharedQueue<Item>, _ rounds: Int, _ batch: Int) throws {
        let items = [Item](repeating: Item(), count: batch)
        var sum = 0
        for _ in 0..<rounds {
            try queue.put(contentsOf: items)
            sum &+= try queue.get(upTo: batch).count
        }
        sink(sum)
    }

    @inline(never) @_specialize(where Item == Int) @_specialize(where Item == Block64)
    @_specialize(where Item == Block1K) @_specialize(where Item == Block64K)
    static func produce<Item: Numbered>(_ queue: SharedQueue<Item>, _ count: Int, _ batch: Int) throws {
        if batch == 1 {
            var item = Item()
            for index in 0..<count {
                item.number = index
                try queue.put(item, timeout: patience)
            }
        } else {
            var items = [Item](repeating: Item(), count: batch)
            for first in stride(from: 0, to: count, by: batch) {
                for index in items.indices { items[index].number = first + index }
                try queue.put(contentsOf: items, timeout: patience)
            }
        }
    }

    @inline(never) @_specialize(where Item == Int) @_specialize(where Item == Block64)
    @_specialize(where Item == Block1K) @_specialize(where Item == Block64K)
    static func consume<Item: Numbered>(_ queue: SharedQueue<Item>, _ count: Int, _ batch: Int) throws -> Int {
        var (sum, left) = (0, count)
        while left > 0 {
            if batch == 1 {
                guard let item = try queue.get(timeout: patience) else { throw Skip("the queue was closed") }
                sum &+= item.number
                left -= 1
            } else {
                let items = try queue.get(upTo: min(batch, left), timeout: patience)
                for item in items { sum &+= item.number }
                left -= items.count
            }
        }
        return sum
    }

    @inline(never) @_specialize(where Item == Int) @_specialize(where Item == Block64)
    @_specialize(where Item == Block1K) @_specialize(where Item == Block64K)
    static func turns<Item: Numbered>(_ there: SharedQueue<Item>, _ back: SharedQueue<Item>, _ rounds: Int) throws {
        var item = Item()
        for index in 0..<rounds {
            item.number = index
            try there.put(item)
            _ = try back.get(timeout: patience)
        }
    }

    @inline(never) @_specialize(where Item == Int) @_specialize(where Item == Block64)
    @_specialize(where Item == Block1K) @_specialize(where Item == Block64K)
    static func answer<Item: Numbered>(_ there: SharedQueue<Item>, _ back: SharedQueue<Item>, _ rounds: Int) throws {
        for _ in 0..<rounds { if let item = try there.get(timeout: patience) { try back.put(item) } }
    }
}

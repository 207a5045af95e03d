import Cellar

extension CrashScenario {
    private static let options = QueueOptions(capacity: 40, priorities: 2, maximumDeliveries: 2)

    private static func items(_ store: Store) throws -> SharedQueue<Checksummed> {
        try store.queue("items", options: options)
    }

    /// One whose items can be delivered any number of times.
    private static func patientItems(_ store: Store) throws -> SharedQueue<Checksummed> {
        try store.queue("items", options: QueueOptions(capacity: 40))
    }

    /// The numbers of what is in the queue, in order; none may be torn.
    private static func numbers(_ queue: SharedQueue<Checksummed>) throws -> [Int] {
        try queue.elementsInOrder().map { item in
            guard item.isWhole else { throw Wrong("an item is torn") }
            return Int(item.number)
        }
    }

    private static func put(_ numbers: Range<Int>, _ queue: SharedQueue<Checksummed>) throws {
        for number in numbers { try queue.put(Checksummed(number: UInt64(number))) }
    }

    /// How many of 0..<count were taken from the front of the queue, which has the others and counts them.
    private static func taken(of count: Int, _ queue: SharedQueue<Checksummed>) throws -> Int {
        // Puts right what the dead left, before anything is looked at.
        let depth = try queue.depth
        let found = try numbers(queue)
        guard found == Array(count - found.count..<count) else { throw Wrong("the queue has \(found)") }
        guard depth.unfinished == found.count else { throw Wrong("it has \(found.count), and counts \(depth)") }
        return count - found.count
    }

    /// An item that is to be put back: of each state, each before those that are there already.
    private static func kept(_ number: Int) -> QueueItemInfo {
        QueueItemInfo(
            state: number % 4 == 3 ? .dead : .ready, sequence: UInt64(100 - number), priority: number % 2,
            deliveries: number, putAt: 1, due: number % 3 == 2 ? 1 << 50 : 0)
    }

    static let queues: [CrashScenario] = [
        .on("restore items of a queue", done: 9) { store in
            _ = try store.queue("kept", of: Int.self, options: options)
        } operate: { store in
            let queue = try store.untypedQueue("kept")
            while case let number = try queue.items().count, number < 8 {
                try queue.restore([(kept(number), "\(number)")])
            }
            try queue.restore(nextSequence: 200)
        } state: { store in
            let queue = try store.untypedQueue("kept")
            let depth = try queue.depth()
            let items = try queue.items().sorted { $0.info.sequence > $1.info.sequence }
            for (number, item) in items.enumerated() {
                let wanted = kept(number)
                guard item.info.sequence == wanted.sequence, item.info.deliveries == number,
                    item.info.due == wanted.due, (item.info.state == .dead) == (wanted.state == .dead),
                    item.value.description == "\(number)"
                else { throw Wrong("item \(number) is \(item)") }
            }
            guard depth.unfinished + depth.dead == items.count else {
                throw Wrong("it has \(items.count), and counts \(depth)")
            }
            guard queue.nextSequence == 200 else { return items.count }
            return items.count + 1
        },
        .on("make a queue and put in it", done: 12) { _ in
        } operate: { store in
            let queue = try items(store)
            try put(min(try queue.count, 6)..<6, queue)
            // The rest under one lock.
            let rest = try queue.count..<12
            try queue.put(contentsOf: rest.map { Checksummed(number: UInt64($0)) })
        } state: { store in
            let queue = try items(store)
            let found = try numbers(queue)
            guard found == Array(0..<found.count), try queue.count == found.count else {
                throw Wrong("the queue has \(found), and counts \(try queue.count)")
            }
            return found.count
        },
        .on("get from a queue", done: 12) { store in
            try put(0..<12, items(store))
        } operate: { store in
            let queue = try items(store)
            while try queue.count > 6 { _ = try queue.get() }
            while try !queue.isEmpty { _ = try queue.get(upTo: 4) }
        } state: { store in
            try taken(of: 12, items(store))
        },
        .on("lease and acknowledge", done: 12) { store in
            try put(0..<12, patientItems(store))
        } operate: { store in
            let queue = try patientItems(store)
            while try queue.depth.unfinished > 6 { try queue.tryLease()?.acknowledge() }
            while try queue.depth.unfinished > 0 { try queue.acknowledge(queue.lease(upTo: 3)) }
        } state: { store in
            try taken(of: 12, patientItems(store))
        },
        // The last of them rejects what is in the middle of the order.
        .on("reject until it is set aside", done: 2) { store in
            try put(0..<8, items(store))
        } operate: { store in
            let queue = try items(store)
            let dead = queue.deadLetters
            while try dead.count < 2 {
                let leases = try queue.lease(upTo: 2)
                for lease in leases.reversed() { try lease.reject() }
            }
        } state: { store in
            let queue = try items(store)
            let dead = try queue.deadLetters.count
            let found = try numbers(queue)
            let all = [[0, 1], [0], [1], []]
            guard all.map({ $0 + Array(2..<8) }).contains(found), found.count + dead == 8,
                try queue.depth.unfinished == found.count
            else { throw Wrong("the queue has \(found), and \(dead) set aside") }
            return dead
        },
        .on("have delivered again what was set aside", done: 3) { store in
            let queue = try items(store)
            try put(0..<3, queue)
            for _ in 0..<6 { try queue.tryLease()?.reject() }
            try put(3..<6, queue)
        } operate: { store in
            try items(store).deadLetters.retry()
        } state: { store in
            let queue = try items(store)
            let dead = try queue.deadLetters.count
            let found = try numbers(queue)
            guard found == Array(dead..<6), try queue.count == found.count else {
                throw Wrong("the queue has \(found), and \(dead) set aside")
            }
            return 3 - dead
        },
        .on("take what was set aside", done: 3) { store in
            let queue = try items(store)
            try put(0..<3, queue)
            for _ in 0..<6 { try queue.tryLease()?.reject() }
        } operate: { store in
            while try items(store).deadLetters.take() != nil {}
        } state: { store in
            let queue = try items(store)
            guard try numbers(queue).isEmpty else { throw Wrong("the queue has \(try numbers(queue))") }
            return 3 - (try queue.deadLetters.count)
        },
        .on("put late ones and ones that go first", done: 6) { _ in
        } operate: { store in
            let queue = try items(store)
            while case let number = try queue.count, number < 6 {
                try queue.put(
                    Checksummed(number: UInt64(number)), priority: number % 2,
                    delay: number % 3 == 0 ? .seconds(3600) : nil)
            }
        } state: { store in
            let queue = try items(store)
            let found = try numbers(queue)
            let expected = (0..<found.count).filter { $0 % 2 == 1 } + (0..<found.count).filter { $0 % 2 == 0 }
            let depth = try queue.depth
            guard found == expected, depth.delayed == (found.count + 2) / 3, try queue.count == found.count else {
                throw Wrong("the queue has \(found), and counts \(depth)")
            }
            return found.count
        },
        .on("close a queue") { store in
            try put(0..<3, items(store))
        } operate: { store in
            try items(store).close()
        } state: { store in
            guard try taken(of: 3, items(store)) == 0 else { throw Wrong("something is gone") }
            return try items(store).isClosed ? 1 : 0
        },
        .on("empty a queue", done: 5) { store in
            try put(0..<5, items(store))
        } operate: { store in
            try items(store).removeAll()
        } state: { store in
            let queue = try items(store)
            let found = try numbers(queue)
            guard try queue.count == found.count else { throw Wrong("it has \(found), counts \(try queue.count)") }
            return 5 - found.count
        },
    ]
}

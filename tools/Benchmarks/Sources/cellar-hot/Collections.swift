import Cellar

extension Operation {
    private static let entries = 1000

    private static func dictionary(_ store: Store) throws -> SharedDictionary<Key16, Block64> {
        let dictionary = try store.dictionary("seen", keys: Key16.self, values: Block64.self, persistence: .volatile)
        for index in 0..<entries { try dictionary.set(Block64(a: index), for: Key16(high: index, low: 7)) }
        return dictionary
    }

    static let collections = [
        Operation("dictionary-get") { store in
            let dictionary = try dictionary(store)
            return { count in
                var sum = 0
                for index in 0..<count {
                    sum &+= try dictionary.value(for: Key16(high: index % entries, low: 7))?.a ?? 0
                }
                sink(sum)
            }
        },
        Operation("dictionary-set") { store in
            let dictionary = try dictionary(store)
            return { count in
                for index in 0..<count {
                    try dictionary.set(Block64(a: index), for: Key16(high: index % entries, low: 7))
                }
            }
        },
        Operation("table-get") { store in
            let table = try store.table("users", keys: String.self, values: Block64.self)
            let names = (0..<entries).map(keyText)
            try table.write { (batch) throws(StoreError) in
                for (index, name) in names.enumerated() { try batch.set(Block64(a: index), for: name) }
            }
            return { count in
                var sum = 0
                let names = names.span
                for index in 0..<count { sum &+= try table.value(for: names[index % entries])?.a ?? 0 }
                sink(sum)
            }
        },
    ]

    private static func queue(_ store: Store) throws -> SharedQueue<Block64> {
        try store.queue("jobs", of: Block64.self, options: QueueOptions(persistence: .volatile))
    }

    static let queues = [
        Operation("queue-put-get") { store in
            let queue = try queue(store)
            return { count in
                var sum = 0
                for index in 0..<count {
                    try queue.put(Block64(a: index))
                    sum &+= try queue.get()?.a ?? 0
                }
                sink(sum)
            }
        },
        Operation("queue-put-get-64-at-a-time") { store in
            let queue = try queue(store)
            let batch = (0..<64).map { Block64(a: $0) }
            return { count in
                var sum = 0
                for _ in 0..<count {
                    try queue.put(contentsOf: batch)
                    sum &+= try queue.get(upTo: 64).count
                }
                sink(sum)
            }
        },
        Operation("queue-put-lease-acknowledge") { store in
            let queue = try queue(store)
            return { count in
                for index in 0..<count {
                    try queue.put(Block64(a: index))
                    try queue.lease()?.acknowledge()
                }
            }
        },
        Operation("pipe-send-receive") { store in
            let pipe = try store.pipe("pipe", capacity: 4096)
            let (first, second) = (try pipe.open(.first), try pipe.open(.second))
            return { count in
                var sum = 0
                for number in 0..<count {
                    try first.send(number)
                    sum &+= try second.receive(as: Int.self) ?? 0
                }
                sink(sum)
            }
        },
    ]
}

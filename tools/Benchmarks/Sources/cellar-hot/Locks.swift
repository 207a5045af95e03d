import Cellar

extension Operation {
    static let locks = [
        Operation("mutex") { store in
            let mutex = try store.mutex("m")
            return { count in
                var sum = 0
                for _ in 0..<count { try mutex.withLock { sum &+= 1 } }
                sink(sum)
            }
        },
        Operation("semaphore") { store in
            let permits = try store.semaphore("permits", count: 2)
            return { count in
                for _ in 0..<count {
                    try permits.acquire()
                    try permits.release()
                }
            }
        },
    ]

    static let transactions = [
        Operation("transaction-of-two-cells") { store in
            let (from, to) = (try store.value("from", initial: 0), try store.value("to", initial: 0))
            return { count in
                for _ in 0..<count {
                    try store.transaction { tx in
                        try tx.store(try tx.load(from) - 1, to: from)
                        try tx.store(try tx.load(to) + 1, to: to)
                    }
                }
            }
        },
        Operation("snapshot-of-two-cells") { store in
            let (from, to) = (try store.value("from", initial: 0), try store.value("to", initial: 0))
            return { count in
                var sum = 0
                for _ in 0..<count { sum &+= try store.snapshot { try $0.load(from) &+ $0.load(to) } }
                sink(sum)
            }
        },
    ]
}

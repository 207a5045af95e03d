import Cellar

extension Operation {
    private static func queue(
        _ name: String, _ options: QueueOptions = QueueOptions(),
        _ loop: @escaping @Sendable (SharedQueue<Block64>) -> Loop
    ) -> Operation {
        Operation("queue: " + name) { store in loop(try store.queue("jobs", of: Block64.self, options: options)) }
    }

    static let queues = [
        queue("put, get") { queue in
            sum {
                try queue.put(Block64(a: $0))
                return try queue.get()?.a ?? 0
            }
        },
        queue("put, get, volatile", QueueOptions(persistence: .volatile)) { queue in
            sum {
                try queue.put(Block64(a: $0))
                return try queue.get()?.a ?? 0
            }
        },
        queue("tryPut, tryGet") { queue in
            sum {
                _ = try queue.tryPut(Block64(a: $0))
                return try queue.tryGet()?.a ?? 0
            }
        },
        queue("tryGet of an empty one") { queue in sum { _ in try queue.tryGet()?.a ?? 0 } },
        queue("put, get, 8 priorities", QueueOptions(priorities: 8)) { queue in
            sum {
                try queue.put(Block64(a: $0), priority: $0 & 7)
                return try queue.get()?.a ?? 0
            }
        },
        queue("put, get of 64 at a time", QueueOptions(capacity: 4096)) { queue in
            let batch = (0..<64).map { Block64(a: $0) }
            return sum { _ in
                try queue.put(contentsOf: batch)
                return try queue.get(upTo: 64).count
            }
        },
        queue("put, lease, acknowledge") { queue in
            each {
                try queue.put(Block64(a: $0))
                try queue.lease()?.acknowledge()
            }
        },
        queue("put, withLease") { queue in
            each {
                try queue.put(Block64(a: $0))
                _ = try queue.withLease { $0.a }
            }
        },
        queue("put, lease, extend, reject, get") { queue in
            each {
                try queue.put(Block64(a: $0))
                if let lease = try queue.lease() {
                    try lease.extend()
                    try lease.reject()
                }
                _ = try queue.get()
            }
        },
        queue("put, get, taskDone, join") { queue in
            each {
                try queue.put(Block64(a: $0))
                guard try queue.tryGet() != nil else { return }
                try queue.taskDone()
            }
        },
        queue("count") { queue in sum { _ in try queue.count } },
        queue("depth") { queue in sum { _ in try queue.depth.ready } },
        Operation("queue: put, get, text") { store in
            let queue = try store.queue("texts", of: String.self)
            let text = keyText(1)
            return sum { _ in
                try queue.put(text)
                return try queue.get()?.utf8.count ?? 0
            }
        },
        Operation("queue: put on disk, get", isBrief: false) { store in
            let queue = try store.queue("jobs", of: Block64.self)
            return sum {
                try queue.put(Block64(a: $0), sync: true)
                return try queue.get()?.a ?? 0
            }
        },
    ]

    static let pipes = [
        Operation("pipe: send, receive", isShared: false) { store in
            let pipe = try store.pipe("pipe", capacity: 4096)
            let (first, second) = (try pipe.open(.first), try pipe.open(.second))
            return sum {
                try first.send($0)
                return try second.receive(as: Int.self) ?? 0
            }
        },
        Operation("pipe: trySend, tryReceive", isShared: false) { store in
            let pipe = try store.pipe("pipe", capacity: 4096)
            let (first, second) = (try pipe.open(.first), try pipe.open(.second))
            return sum {
                _ = try first.trySend($0)
                return try second.tryReceive(as: Int.self) ?? 0
            }
        },
        Operation("pipe: send, receive 1 KiB", isShared: false) { store in
            let pipe = try store.pipe("pipe", capacity: 65_536)
            let (first, second) = (try pipe.open(.first), try pipe.open(.second))
            let message = [UInt8](repeating: 1, count: 1024)
            return sum { _ in
                try first.send(message)
                return try second.receive { $0.byteCount } ?? 0
            }
        },
        Operation("pipe: poll", isShared: false) { store in
            let pipe = try store.pipe("pipe", capacity: 4096)
            let (first, second) = (try pipe.open(.first), try pipe.open(.second))
            try first.send(1)
            return sum { _ in try second.poll() ? 1 : 0 }
        },
    ]
}

import Cellar

extension CrashScenario {
    /// More than one chunk of 64 KiB.
    private static let many = (0..<3_000).map { Triple($0) }

    static let lists: [CrashScenario] =
        [
            list("append to a list", after: many + [Triple(9)]) { try $0.append(Triple(9)) },
            list("append many to a list", after: many + many.prefix(900)) {
                try $0.append(contentsOf: many.prefix(900))
            },
            list("replace an element of a list", after: many.prefix(2_999) + [Triple(9)]) {
                try $0.set(Triple(9), at: 2_999)
            },
            list("insert into a list", after: many.prefix(10) + [Triple(9)] + many.dropFirst(10)) {
                try $0.insert(Triple(9), at: 10)
            },
            list("remove from a list", after: many.prefix(10) + many.dropFirst(11)) { try $0.remove(at: 10) },
            list("remove the last of a list", after: many.dropLast()) { try $0.removeLast() },
            list("empty a list", after: []) { try $0.removeAll() },
        ] + blocks + pipes

    private static func list(
        _ name: String, after: some Sequence<Triple>, _ operate: @escaping @Sendable (SharedList<Triple>) throws -> Void
    ) -> CrashScenario {
        let after = Array(after)
        return .on(name) { store in
            try store.list("list", of: Triple.self, capacity: 4_000).append(contentsOf: many)
        } operate: { store in
            let list = try store.list("list", of: Triple.self)
            if try list.elements() != after { try operate(list) }
        } state: { store in
            let list = try store.list("list", of: Triple.self)
            let seen = try list.elements()
            // Locks it, and mends what there is.
            if let first = seen.first { try list.set(first, at: 0) }
            if try list.elements() != seen { throw Wrong("the list changed when it was locked") }
            if seen == after { return 1 }
            guard seen == many else { throw Wrong("the list is neither as before nor as after, with \(seen.count)") }
            return 0
        }
    }

    // MARK: Blocks

    private static let size = 100_000

    private static let blocks: [CrashScenario] = [
        .on("write a block") { store in
            try store.block("frame", byteCount: size).write([UInt8](repeating: 1, count: size))
        } operate: { store in
            let block = try store.block("frame")
            // Whoever is killed from here on leaves somebody who waits.
            _ = try block.wait(afterGeneration: block.generation, timeout: .milliseconds(1))
            try unsafe block.withUnsafeMutableBytes { _ = unsafe $0.initializeMemory(as: UInt8.self, repeating: 2) }
        } state: { store in
            let block = try store.block("frame")
            if codeThrown({ _ = try block.bytes() }) == .ownerDied {
                try block.write([UInt8](repeating: 1, count: size))
            }
            let seen = try block.bytes()
            guard seen.allSatisfy({ $0 == seen[0] }) else { throw Wrong("the block is torn, and nobody says so") }
            return Int(seen[0]) - 1
        }
    ]

    // MARK: Pipes

    /// What is done with a pipe is told by a value; a pipe itself is as good as new after those who had it are dead.
    private static let pipes: [CrashScenario] = [
        .on("use a pipe") { store in
            try store.value("received", initial: 0).store(0)
            let pipe = try store.pipe("pipe", capacity: 64)
            // Both ends are given up: the next who opens one begins anew.
            _ = (try pipe.open(.first), try pipe.open(.second))
        } operate: { store in
            let pipe = try store.pipe("pipe", capacity: 64)
            let (first, second) = (try pipe.open(.first), try pipe.open(.second))
            // Asks to be woken.
            _ = try second.poll(timeout: .milliseconds(1))
            // Goes past the ring's end, and so often without a sleep that it no longer asks.
            for number in 1...20 {
                try first.send((number, number))
                let seen = try second.receive(as: (Int, Int).self)
                guard seen ?? (0, 0) == (number, number) else { throw Wrong("\(number) came as something else") }
            }
            first.close()
            guard try second.receive() == nil else { throw Wrong("there is more than was sent") }
            try store.value("received", of: Int.self).store(1)
        } state: { store in
            let pipe = try store.pipe("pipe", capacity: 64)
            let (first, second) = try connectBoth(pipe)
            guard try first.tryReceive() == nil, try second.tryReceive() == nil else {
                throw Wrong("a new pipe is not empty")
            }
            try first.send(7)
            guard try second.receive(as: Int.self) == 7 else { throw Wrong("7 came as something else") }
            return try store.value("received", of: Int.self).load()
        }
    ]

    /// One who looks is killed by its checkpoint, at any time: if that was between the first end and the second, the other end is
    /// for who receives what was sent, and the pipe begins anew after that one. Seen once.
    private static func connectBoth(_ pipe: SharedPipe) throws -> (PipeEnd, PipeEnd) {
        let one = try pipe.connect()
        do { return (one, try pipe.connect()) } catch  where error.code == .inUse {
            one.close()
            return (try pipe.connect(), try pipe.connect())
        }
    }
}

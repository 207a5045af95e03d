import Cellar

extension CrashScenario {
    private static let count = 20_000
    private static let range = 3_000..<12_000

    /// 1 for the old number, 2 for the new one.
    private static func step(_ number: Int, _ what: String) throws -> Int {
        guard number == 1 || number == 2 else { throw Wrong("\(what) holds \(number)") }
        return number - 1
    }

    static let values: [CrashScenario] = [
        word("store a word") { $0.store(2) },
        word("add to a word") { if $0.load() == 1 { $0.add(1) } },
        word("change a word under its lock") { (cell: SharedValue<Int>) in try cell.withLock { $0 = 2 } },
        word("store a watched word") { cell in
            // Whoever is killed from here on leaves somebody who wants to be told.
            _ = try cell.wait(after: cell.versioned().version, timeout: .milliseconds(1))
            cell.store(2)
        },
        block("store a large value") { try $0.store(Checksummed(number: 2)) },
        block("change a large value under its lock") { try $0.withLock { $0 = Checksummed(number: 2) } },
        .on("store a word by its schema") { store in
            try store.value("word", initial: 1).store(1)
        } operate: { store in
            try store.cell("word").setBytes([2, 0, 0, 0, 0, 0, 0, 0])
        } state: { store in
            try step(store.value("word", of: Int.self).load(), "the word")
        },
        .on("store a large value by its schema") { store in
            _ = try store.value("triple", initial: Triple(1))
        } operate: { store in
            try store.cell("triple").setBytes((0..<24).map { $0 % 8 == 0 ? 2 : 0 })
        } state: { store in
            let seen = try store.value("triple", of: Triple.self).load()
            guard seen.isWhole else { throw Wrong("the triple is torn") }
            return try step(seen.first, "the triple")
        },
    ]

    private static func word(_ name: String, _ operate: @escaping @Sendable (SharedValue<Int>) throws -> Void)
        -> CrashScenario
    {
        .on(name) { store in
            try store.value("word", initial: 1).store(1)
        } operate: { store in
            try operate(store.value("word", of: Int.self))
        } state: { store in
            let cell = try store.value("word", of: Int.self)
            try cell.withLock { _ in }
            return try step(cell.load(), "the word")
        }
    }

    private static func block(
        _ name: String, _ operate: @escaping @Sendable (SharedValue<Checksummed>) throws -> Void
    ) -> CrashScenario {
        .on(name) { store in
            try store.value("block", initial: Checksummed(number: 1)).store(Checksummed(number: 1))
        } operate: { store in
            try operate(store.value("block", of: Checksummed.self))
        } state: { store in
            let cell = try store.value("block", of: Checksummed.self)
            let seen = try cell.load()
            guard seen.isWhole else { throw Wrong("the block is torn") }
            try cell.withLock { if !$0.isWhole { throw Wrong("the block is torn under its lock") } }
            return try step(Int(seen.number), "the block")
        }
    }

    // MARK: Arrays

    static let arrays: [CrashScenario] = [
        .on("store an element") { store in
            try store.array("numbers", of: Int.self, count: count).fill(1)
        } operate: { store in
            try store.array("numbers", of: Int.self).store(2, at: 9_000)
        } state: { store in
            try step(store.array("numbers", of: Int.self).load(at: 9_000), "the element")
        },
        .on("store a watched element") { store in
            try store.array("numbers", of: Int.self, count: count).fill(1)
        } operate: { store in
            let array = try store.array("numbers", of: Int.self)
            _ = try array.version()
            try array.store(2, at: 9_000)
        } state: { store in
            try step(store.array("numbers", of: Int.self).load(at: 9_000), "the element")
        },
        .on("store a large element") { store in
            try store.array("triples", of: Triple.self, count: 4_000).fill(Triple(1))
        } operate: { store in
            try store.array("triples", of: Triple.self).store(Triple(2), at: 2_730)
        } state: { store in
            let array = try store.array("triples", of: Triple.self)
            let seen = try array.load(at: 2_730)
            guard seen.isWhole else { throw Wrong("an element is torn") }
            try array.withLock(repair: { _, _ in }) { span in
                if span[2_730] != seen { throw Wrong("an element changed when its array was locked") }
            }
            return try step(seen.first, "the element")
        },
        bulk("write many elements") { try $0.write(repeatElement(2, count: range.count), at: range.lowerBound) },
        bulk("fill many elements") { try $0.fill(2, in: range) },
        update("update elements in one step", before: nil),
        update("update elements in one step, with a larger buffer than before", before: 5_000..<5_100),
    ]

    /// In place: killed within, the next to lock it is told, and puts it right.
    private static func bulk(
        _ name: String, _ operate: @escaping @Sendable (SharedArray<Int>) throws -> Void
    ) -> CrashScenario {
        .on(name) { store in
            try store.array("numbers", of: Int.self, count: count).fill(1)
        } operate: { store in
            try operate(store.array("numbers", of: Int.self))
        } state: { store in
            let array = try store.array("numbers", of: Int.self)
            try array.withLock(repair: { torn, bounds in
                // Of who looked under the lock, and wrote nothing.
                if bounds == 0..<count { return }
                guard bounds == range else { throw Wrong("\(bounds) is said to be torn") }
                torn.update(repeating: 1)
            }) { _ in }
            return try oneNumber(in: array)
        }
    }

    private static func update(_ name: String, before: Range<Int>?) -> CrashScenario {
        .on(name) { store in
            let array = try store.array("numbers", of: Int.self, count: count)
            try array.fill(1)
            if let before { try array.update(atomically: before) { $0.update(repeating: 1) } }
        } operate: { store in
            try store.array("numbers", of: Int.self).update(atomically: range) { $0.update(repeating: 2) }
        } state: { store in
            let array = try store.array("numbers", of: Int.self)
            let seen = try oneNumber(in: array)
            try array.withLock(repair: { _, _ in }) { span in
                if span[range.lowerBound] != seen + 1 { throw Wrong("the update went away") }
            }
            return seen
        }
    }

    /// All elements of the range hold one number, all others the old one.
    private static func oneNumber(in array: SharedArray<Int>) throws -> Int {
        let seen = try array.values()
        let first = seen[range.lowerBound]
        guard seen[range].allSatisfy({ $0 == first }) else { throw Wrong("the array is half written") }
        guard (seen[..<range.lowerBound] + seen[range.upperBound...]).allSatisfy({ $0 == 1 }) else {
            throw Wrong("the array changed beside the range")
        }
        return try step(first, "the array")
    }
}

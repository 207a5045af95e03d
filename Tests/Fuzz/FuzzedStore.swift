import Cellar
import CellarTestSupport
import Glibc

/// A store with something of everything in it, whose bytes are put back before each case.
final class FuzzedStore {
    let path: String
    let segmentPath: String
    /// Told of every segment that is made: a store whose identity is damaged gets another one.
    private let note: (String) -> Void
    private let segment: SegmentMutation
    private let database: DatabaseMutation

    init(_ path: String, note: @escaping (String) -> Void) throws {
        self.path = path
        self.note = note
        segmentPath = try Self.fill(path)
        note(segmentPath)
        segment = SegmentMutation(Image(bytes: Files.read(segmentPath)))
        database = DatabaseMutation(whole: Files.read(path + "/data.mdb"))
    }

    deinit { unsafe unlink(segmentPath) }

    private static func options(_ change: (inout Store.Options) -> Void = { _ in }) -> Store.Options {
        var options = Store.Options()
        options.addressReserve = 1 << 30
        options.lockTimeout = .milliseconds(10)
        change(&options)
        return options
    }

    private static func texts(_ store: Store) throws(StoreError) -> SharedDictionary<String, String> {
        try store.dictionary("texts")
    }

    private static func plain(_ store: Store) throws(StoreError) -> SharedDictionary<Int, Triple> {
        try store.dictionary("plain")
    }

    private static func cache(_ store: Store) throws(StoreError) -> SharedDictionary<Int, Int> {
        try store.dictionary("cache", capacity: 64, expires: true)
    }

    private static func log(_ store: Store) throws(StoreError) -> SharedLog<String> {
        try store.log("log", options: LogOptions(capacity: 64, maximumByteCount: 40))
    }

    private static func jobs(_ store: Store) throws(StoreError) -> SharedQueue<Triple> {
        try store.queue(
            "jobs",
            options: QueueOptions(capacity: 40, priorities: 3, leaseTime: .milliseconds(5), maximumDeliveries: 2))
    }

    private static func lines(_ store: Store) throws(StoreError) -> SharedQueue<String> {
        try store.queue("lines", options: QueueOptions(capacity: 1000, maximumByteCount: 100))
    }

    /// Items in each state.
    private static func fillQueues(_ store: Store) throws {
        let jobs = try jobs(store)
        try jobs.put(contentsOf: (0..<20).map(Triple.init))
        try jobs.put(Triple(20), priority: 2, delay: .seconds(3600))
        try jobs.put(Triple(21), priority: 1, delay: .milliseconds(1))
        for _ in 0..<2 { for lease in try jobs.lease(upTo: 3) { try lease.reject() } }
        _ = try jobs.lease(upTo: 4)
        _ = try jobs.get(upTo: 2)
        try lines(store).put(contentsOf: (0..<900).map { "line \($0)" })
    }

    /// Returns the path of the segment.
    private static func fill(_ path: String) throws -> String {
        let store = try Store.open(path, options { $0.lockTimeout = .seconds(10) })
        defer { store.close() }
        try store.value("value", initial: 0).store(5)
        try store.array("list", of: Int.self, count: 10_000).update { $0[0] = 7 }
        try store.array("triples", of: Triple.self, count: 100).update { $0[3] = Triple(7) }
        _ = try store.value("triple", initial: Triple(3))
        _ = try store.value("fleeting", initial: 1, persistence: .volatile)
        for index in 0..<12 { _ = try store.value("many \(index)", initial: Triple(index)) }
        try store.rename("many 1", to: "a name that was given later, and is longer than the old one")
        try store.remove("many 2")
        let words = try store.table("words", keys: String.self, values: Int.self)
        try words.write { (batch) throws(StoreError) in
            for index in 0..<300 { try batch.set(index, for: "word \(index)") }
        }
        let pages = try store.multimap("pages", keys: Int.self, values: String.self)
        try pages.write { (batch) throws(StoreError) in
            for index in 0..<400 { try batch.insert("page \(index)", for: index % 2 * index) }
        }
        let texts = try texts(store)
        for index in 0..<300 { try texts.set(String(repeating: "value ", count: index % 30), for: "text \(index)") }
        let plain = try plain(store)
        for index in 0..<600 { try plain.set(Triple(index), for: index) }
        let cache = try cache(store)
        for index in 0..<100 { try cache.set(index, for: index, timeToLive: .seconds(index % 2 * 3600)) }
        try store.list("elements", of: Triple.self, capacity: 100).append(contentsOf: (0..<50).map { Triple($0) })
        try store.block("frame", byteCount: 5_000).write([UInt8](repeating: 1, count: 5_000))
        let log = try log(store)
        try log.append(contentsOf: (0..<80).map { "entry \($0)" })
        try log.group("readers", from: 0).commit(through: 50)
        let end = try store.pipe("pipe", capacity: 256).open(.first)
        for number in 0..<5 { try end.send(number) }
        end.close()
        try fillLocks(store)
        try fillQueues(store)
        try store.sync()
        let path = Files.segmentPath(try store.statistics().identity)
        // Another attachment, so that what was removed before becomes free memory, and some of it waits in limbo.
        store.close()
        let again = try Store.open(store.path, options())
        try again.remove("many 3")
        try again.sync()
        try again.remove("many 4")
        // Its record stays where it is.
        try transact(again)
        again.close()
        return path
    }

    /// Locks and signals, some of which are left held.
    private static func fillLocks(_ store: Store) throws {
        try store.mutex("mutex").withLock {}
        try store.semaphore("permits", count: 3).acquire(2)
        try store.readWriteLock("lock").withWriteLock {}
        try store.event("event").set()
        try store.latch("latch", count: 2).countDown()
        try store.barrier("barrier", parties: 2).reset()
    }

    private static func transact(_ store: Store) throws {
        let (value, triple) = (try store.value("value", of: Int.self), try store.value("triple", of: Triple.self))
        let (list, triples) = (try store.array("list", of: Int.self), try store.array("triples", of: Triple.self))
        let (texts, plain) = (try texts(store), try plain(store))
        try store.transaction { tx in
            try tx.store(6, to: value)
            try tx.store(Triple(4), to: triple)
            try tx.store(8, to: list, at: 9000)
            try tx.store(Triple(8), to: triples, at: 4)
            for index in 0..<8 {
                try tx.set("of a transaction", for: "text \(index)", in: texts)
                try tx.set(Triple(3), for: index, in: plain)
            }
            try tx.removeValue(for: "text 9", in: texts)
        }
    }

    /// Puts the store back and damages it. Returns what kind of damage it is, and what was done in words.
    func damage(_ random: inout SeededRandom) -> (kind: String, story: String) {
        Files.write(database.whole, to: path + "/data.mdb", truncating: true)
        if Int.random(in: 0..<100, using: &random) < 65 {
            let (bytes, story) = segment.damaged(&random)
            Files.write(bytes, to: segmentPath, truncating: true)
            return ("segment", story)
        }
        let kind = DatabaseMutation.Kind.allCases.randomElement(using: &random)!
        if Bool.random(using: &random) {
            Files.write(segment.whole.bytes, to: segmentPath, truncating: true)
        } else {
            unsafe unlink(segmentPath)
        }
        return ("lmdb-\(kind.rawValue)", database.damage(path, kind, &random))
    }

    #if LIBFUZZER
        /// Where the words of the segment's structures lie.
        private lazy var places = segment.whole.structures().values.joined().flatMap { structure in
            stride(from: structure.offset, to: structure.offset + structure.size, by: 8)
        }

        /// Puts the store back, and overwrites words of the segment's structures.
        func damage(_ words: [(place: Int, value: UInt64)]) {
            Files.write(database.whole, to: path + "/data.mdb", truncating: true)
            var image = segment.whole
            for (place, value) in words { image.setWord(places[place % places.count], value) }
            Files.write(image.bytes, to: segmentPath, truncating: true)
        }
    #endif

    // MARK: Using it

    /// Does a bit of everything. Errors are the store's own, or there are none; whatever else happens is found by the parent.
    func use(_ random: inout SeededRandom) throws {
        let onlyLooks = Int.random(in: 0..<4, using: &random) == 0
        try tolerating { _ = try Store.check(path) }
        try tolerating { try look() }
        if onlyLooks { return }
        try tolerating {
            let store = try Store.open(path, Self.options())
            let made = Files.segmentPath((try? store.statistics().identity) ?? "")
            if made != segmentPath { note(made) }
            defer {
                store.close()
                if made != segmentPath { unsafe unlink(made) }
            }
            let steps = steps(store).shuffled(using: &random)
            for step in steps { try tolerating(step) }
        }
        try tolerating { _ = try Store.repair(path, timeout: .milliseconds(30)) }
        try tolerating { try look() }
    }

    private func tolerating(_ body: () throws -> Void) throws {
        do { try body() } catch is StoreError {}
    }

    private func look() throws {
        let store = try Store.open(path, Self.options { $0 = .readOnly })
        defer { store.close() }
        _ = store.attachments()
        try tolerating { _ = try store.statistics() }
        try tolerating { _ = try store.locks() }
        try tolerating { _ = try store.value("value", of: Int.self).load() }
        try tolerating { _ = try store.array("list", of: Int.self).values() }
        try tolerating { _ = try store.array("triples", of: Triple.self).load(at: 3) }
        for table in (try? store.tables()) ?? [] {
            try tolerating { try store.untypedTable(table.name).forEach { _ in true } }
        }
        try tolerating {
            let list = try store.array("list", of: Int.self)
            _ = try list.wait(after: list.version(), timeout: .zero)
        }
        try tolerating {
            let words = try store.table("words", keys: String.self, values: Int.self)
            _ = try words.wait(after: words.version(), timeout: .zero)
        }
        try tolerating {
            let texts = try Self.texts(store)
            for index in 0..<300 { try tolerating { _ = try texts["text \(index)"] } }
        }
        try tolerating {
            let plain = try Self.plain(store)
            for index in 0..<600 { try tolerating { _ = try plain[index] } }
        }
        for name in ["texts", "plain", "cache"] {
            try tolerating {
                let dictionary = try store.untypedDictionary(name)
                try tolerating { _ = try dictionary.count() }
                try dictionary.forEach { _ in true }
            }
        }
        try tolerating { _ = try store.untypedList("elements").elements() }
        try tolerating { _ = try store.block("frame").bytes(timeout: .milliseconds(5)) }
        try tolerating { _ = try store.pipe("pipe").status }
        try tolerating { try store.untypedLog("log").forEach { _, _, _ in true } }
        for name in ["jobs", "lines"] {
            try tolerating {
                let queue = try store.untypedQueue(name)
                try tolerating { _ = try queue.depth() }
                for item in try queue.items() { _ = item.value.json }
            }
        }
        try tolerating { _ = try Self.jobs(store).elementsInOrder() }
        let cells = try store.cells()
        for cell in cells { try tolerating { _ = try store.cell(cell.name).bytes() } }
    }

    private func steps(_ store: Store) -> [() throws -> Void] {
        cellSteps(store) + dictionarySteps(store) + transactionSteps(store) + structureSteps(store)
            + lockSteps(store) + queueSteps(store)
    }

    private func structureSteps(_ store: Store) -> [() throws -> Void] {
        [
            {
                let list = try store.list("elements", of: Triple.self)
                _ = try list.elements()
                try self.tolerating { try list.append(Triple(1)) }
                try self.tolerating { try list.insert(Triple(1), at: 3) }
                try self.tolerating { try list.set(Triple(2), at: 9) }
                try self.tolerating { try list.remove(at: 0) }
                try self.tolerating { try list.removeLast() }
                _ = try list.last
            },
            {
                let block = try store.block("frame")
                try self.tolerating { _ = try block.bytes(timeout: .milliseconds(5)) }
                _ = try block.wait(afterGeneration: block.generation, timeout: .milliseconds(1))
                try block.write([UInt8](repeating: 2, count: block.byteCount))
            },
            {
                let log = try Self.log(store)
                try self.tolerating { _ = try log.entries() }
                try self.tolerating { _ = try log.entries(from: log.offset(at: 1 << 40), upTo: 5) }
                for index in 0..<40 { try self.tolerating { try log.append("another entry \(index)") } }
                _ = try log.groups()
                let group = try log.group("readers")
                try self.tolerating { _ = try group.take(upTo: 10, timeout: .milliseconds(1)) }
                try group.seek(to: 3)
                _ = try log.group("new readers", from: 0).lag
            },
            {
                let pipe = try store.pipe("pipe")
                _ = pipe.status
                let (second, first) = (try pipe.open(.second), try? pipe.open(.first))
                for number in 0..<40 {
                    try self.tolerating { _ = try second.receive(timeout: .milliseconds(number % 8 / 7)) }
                    try self.tolerating { _ = try first?.trySend(number) }
                    try self.tolerating { try second.send([1, 2, 3], timeout: .zero) }
                }
            },
        ]
    }

    private func transactionSteps(_ store: Store) -> [() throws -> Void] {
        [
            { try Self.transact(store) },
            {
                let (value, list) = (try store.value("value", of: Int.self), try store.array("list", of: Int.self))
                let texts = try Self.texts(store)
                _ = try store.snapshot { snapshot in
                    for index in 0..<20 { _ = try snapshot.value(for: "text \(index)", in: texts) }
                    return (try snapshot.load(value), try snapshot.load(list, at: 9000))
                }
            },
            {
                let words: SharedTable<String, Int> = try store.table("words")
                let value = try store.value("value", of: Int.self)
                try store.transaction { tx in
                    try tx.set(1, for: "word 1", in: words)
                    try tx.store(5, to: value)
                }
            },
        ]
    }

    private func lockSteps(_ store: Store) -> [() throws -> Void] {
        let soon: Duration = .milliseconds(1)
        return [
            { try store.mutex("mutex").withLock(recovering: {}) {} },
            { try store.semaphore("permits", count: 3).acquire() },
            { try store.semaphore("permits", count: 3).release(2) },
            { try store.semaphore("permits", count: 3).withPermit(2, timeout: soon) {} },
            { try store.readWriteLock("lock").withReadLock {} }, { try store.readWriteLock("lock").withWriteLock {} },
            { try store.event("event").wait(timeout: soon) }, { try store.event("event").clear() },
            { try store.latch("latch", count: 2).wait(timeout: soon) },
            { try store.latch("latch", count: 2).countDown() },
            { try store.barrier("barrier", parties: 2).wait(timeout: soon) },
            { try store.barrier("barrier", parties: 2).reset() },
            { _ = try store.locks() }, { try store.recursiveMutex("new lock").withLock {} },
        ]
    }

    private func queueSteps(_ store: Store) -> [() throws -> Void] {
        let short = Duration.milliseconds(1)
        func jobs() throws(StoreError) -> SharedQueue<Triple> { try Self.jobs(store) }
        return [
            {
                let jobs = try jobs()
                for index in 0..<10 {
                    try self.tolerating { _ = try jobs.tryPut(Triple(index), priority: index % 3) }
                    try self.tolerating { _ = try jobs.tryGet() }
                }
                try jobs.put(Triple(1), delay: short, timeout: short)
                _ = try jobs.get(timeout: short)
            },
            {
                let leases = try jobs().lease(upTo: 5, timeout: short)
                for (index, lease) in leases.enumerated() {
                    try self.tolerating {
                        try lease.extend()
                        if index % 2 == 0 { try lease.acknowledge() } else { try lease.reject(delay: short) }
                    }
                }
            },
            { try jobs().put(contentsOf: (0..<30).map(Triple.init), timeout: short) },
            { _ = try jobs().get(upTo: 30, timeout: short) },
            { _ = try jobs().depth }, { _ = try jobs().elementsInOrder() }, { _ = try jobs().isEmpty },
            { try jobs().taskDone() }, { try jobs().join(timeout: short) },
            { _ = try jobs().deadLetters.take() }, { try jobs().deadLetters.retry() },
            {
                let jobs = try jobs()
                try jobs.close()
                _ = try jobs.get(timeout: short)
                try jobs.reopen()
            },
            { try jobs().removeAll() },
            {
                let lines = try Self.lines(store)
                _ = try lines.get(upTo: 500, timeout: short)
                try lines.put(contentsOf: (0..<300).map { "another line \($0)" }, timeout: short)
                try store.sync(timeout: .milliseconds(30))
            },
            { try store.remove("lines") },
        ]
    }

    private func dictionarySteps(_ store: Store) -> [() throws -> Void] {
        [
            {
                let texts = try Self.texts(store)
                for index in 0..<300 {
                    try self.tolerating { _ = try texts["text \(index)"] }
                    try self.tolerating { try texts.set("another value", for: "text \(index)") }
                    try self.tolerating { try texts.removeValue(for: "text \(index / 2)") }
                }
                try texts.set(String(repeating: "long ", count: 5000), for: "new")
            },
            {
                let plain = try Self.plain(store)
                for index in 0..<700 {
                    try self.tolerating { _ = try plain[index] }
                    try self.tolerating { try plain.set(Triple(1), for: index) }
                }
                for index in 0..<400 { try self.tolerating { try plain.removeValue(for: index) } }
                try plain.update(500) { $0 = Triple(8) }
            },
            {
                let cache = try Self.cache(store)
                for index in 0..<200 {
                    try self.tolerating { _ = try cache[index] }
                    try self.tolerating { try cache.set(index, for: index, timeToLive: .seconds(1)) }
                    try self.tolerating { try cache.add(1, to: index + 50) }
                }
            },
            { _ = try Self.texts(store).count }, { _ = try Self.plain(store).count },
            { try Self.texts(store).forEach { _, _ throws(StoreError) in true } },
            { try Self.plain(store).load() }, { _ = try Self.cache(store).keys() },
            { try Self.cache(store).removeAll() }, { try store.remove("texts") },
        ]
    }

    private func cellSteps(_ store: Store) -> [() throws -> Void] {
        [
            { _ = try store.cells() }, { _ = try store.statistics() }, { _ = store.attachments() },
            { _ = try store.value("value", of: Int.self).add(1) },
            { _ = try store.value("value", of: Int.self).withLock { $0 += 1 } },
            { _ = try store.value("fleeting", of: Int.self).add(1) },
            {
                let list = try store.array("list", of: Int.self)
                _ = try list.values()
                list[9_999] = 1
                _ = list[1]
            },
            { try store.array("list", of: Int.self).update { $0[0] = 1 } },
            { try store.array("list", of: Int.self).fill(1) },
            {
                let triples = try store.array("triples", of: Triple.self)
                _ = try triples.values()
                _ = try triples.load(at: 7)
                try triples.update { $0[9] = Triple(1) }
            },
            {
                let triple = try store.value("triple", of: Triple.self)
                _ = try triple.load()
                try triple.withLock { $0 = Triple(4) }
                try triple.store(Triple(5))
            },
            {
                let value = try store.value("value", of: Int.self)
                _ = try value.wait(after: value.versioned().version, timeout: .milliseconds(1))
                value.add(1)
            },
            {
                let list = try store.array("list", of: Int.self)
                _ = try list.wait(after: list.version(), timeout: .milliseconds(1))
                list[5] = 2
            },
            { for index in 5..<12 { _ = try store.value("many \(index)", of: Triple.self).load() } },
            { for index in 0..<20 { _ = try store.value("new \(index)", initial: Triple(index)) } },
            { _ = try store.array("large", of: Int.self, count: 20_000) },
            {
                let words = try store.table("words", keys: String.self, values: Int.self)
                _ = try words.scan()
                _ = try words.wait(after: words.version(), timeout: .milliseconds(1))
                try words.set(1, for: "new")
                _ = try words.value(for: "word 7")
            },
            {
                let pages = try store.multimap("pages", keys: Int.self, values: String.self)
                _ = try pages.scan()
                try pages.insert("new", for: 0)
            },
            { try store.rename("value", to: "renamed") }, { try store.rename("many 5", to: "many 2") },
            { try store.remove("many 6") }, { try store.remove("list") },
            { try store.sync(timeout: .milliseconds(30)) }, { try store.sync(timeout: .milliseconds(30)) },
        ]
    }
}

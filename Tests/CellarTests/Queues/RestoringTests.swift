import CellarTestSupport
import Testing

@testable import Cellar

/// Queues and logs that are made again as they once were.
struct RestoringTests {
    private func info(_ sequence: UInt64, priority: Int = 0, isDead: Bool = false) -> QueueItemInfo {
        QueueItemInfo(
            state: isDead ? .dead : .ready, sequence: sequence, priority: priority, deliveries: 1, putAt: 5, due: 0)
    }

    @Test func itemsTakeTheirPlaces() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let queue = try store.queue("jobs", of: Int.self, options: QueueOptions(capacity: 6, priorities: 2))
            let untyped = try store.untypedQueue("jobs")
            try untyped.restore([(info(9), "9"), (info(4), "4"), (info(7, priority: 1), "7"), (info(6), "6")])
            try untyped.restore([(info(2, isDead: true), "2")])
            #expect(try queue.depth.ready == 4 && queue.depth.dead == 1)
            // Behind all that were restored.
            try queue.put(10)
            #expect(try queue.get(upTo: 9) == [7, 4, 6, 9, 10])
            #expect(try queue.deadLetters.take() == 2)
            #expect(try Store.check(scratch.path).findings == [])
        }
    }

    @Test func numbersAreNotGivenTwice() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let queue = try store.queue("jobs", of: Int.self)
            let untyped = try store.untypedQueue("jobs")
            #expect(untyped.nextSequence == 1)
            try untyped.restore(nextSequence: 41)
            try untyped.restore(nextSequence: 7)
            #expect(untyped.nextSequence == 41)
            try queue.put(1)
            #expect(try untyped.items().map(\.info.sequence) == [41])
            #expect(codeThrown { try untyped.restore(nextSequence: .max) } == .invalidValue)
            #expect(untyped.nextSequence == 42)
        }
    }

    @Test func entriesExpireWhenTheyWouldHave() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let pages = try store.dictionary("pages", keys: String.self, values: Int.self, expires: true)
            let untyped = try store.untypedDictionary("pages")
            try untyped.set("1", for: "past", expiresAt: 1)
            try untyped.set("2", for: "later", expiresAt: 1 << 50)
            try untyped.set("3", for: "never", expiresAt: 0)
            #expect(try pages.value(for: "past") == nil && pages.value(for: "later") == 2)
            var moments: [UInt64?] = []
            try untyped.forEach(in: .init()) { entry in
                moments.append(entry.expiresAt)
                return true
            }
            #expect(moments == [1 << 50, nil])
            // What is set anew keeps its moment, as with the typed handle's `update`.
            try untyped.set("4", for: "later")
            try untyped.forEach { entry in
                #expect(entry.expiresAt == (entry.key.description == "later" ? 1 << 50 : nil))
                return true
            }
            _ = try store.dictionary("stay", keys: String.self, values: Int.self)
            let code = codeThrown { try store.untypedDictionary("stay").set("1", for: "a", expiresAt: 5) }
            #expect(code == .invalidValue)
        }
    }

    @Test func itemsThatCannotBe() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            _ = try store.queue("jobs", of: Int.self, options: QueueOptions(capacity: 3))
            let queue = try store.untypedQueue("jobs")
            try queue.restore([(info(1), "1")])
            for (items, code) in [
                ([(info(1), "1")], StoreError.Code.invalidValue), ([(info(2), "2"), (info(2), "2")], .invalidValue),
                ([(info(2), "2"), (info(3), "x")], .invalidValue), ([(info(2, priority: 1), "2")], .invalidValue),
                ([(info(.max), "2")], .invalidValue),
                ([(info(2), "2"), (info(3), "3"), (info(4), "4")], .limitReached),
            ] { #expect(codeThrown { try queue.restore(items) } == code) }
            // All or none.
            #expect(try queue.items().count == 1)
        }
    }

    @Test func entriesKeepTheirNumbers() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let log = try store.log("events", of: Int.self, options: LogOptions(capacity: 3))
            let untyped = try store.untypedLog("events")
            try untyped.restore([(offset: 40, time: 7, element: "4"), (offset: 41, time: 6, element: "5")])
            #expect(try log.entries().map { [$0.offset, $0.time, UInt64($0.element)] } == [[40, 7, 4], [41, 7, 5]])
            #expect(codeThrown { try untyped.restore([(offset: 40, time: 8, element: "4")]) } == .invalidValue)
            #expect(codeThrown { try untyped.restore([(offset: 43, time: 8, element: "4")]) } == .invalidValue)
            #expect(
                codeThrown {
                    try untyped.restore([(offset: 42, time: 8, element: "4"), (offset: 44, time: 8, element: "4")])
                } == .invalidValue)
            #expect(try log.append(6) == 42)
            #expect(log.offsets == 40..<43)
            try untyped.setGroup("g", to: 41)
            #expect(try log.group("g").next().map(\.offset) == [41])
        }
    }

    /// The typed handle reads what was written in one piece, and the other way round.
    @Test func elementsInOnePiece() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let array = try store.array("triples", of: Triple.self, count: 5)
            let cell = try store.cell("triples")
            let bytes = unsafe [Triple(3), Triple(4)].withUnsafeBytes { unsafe [UInt8]($0) }
            try cell.setBytes(bytes, in: 1..<3)
            #expect(try array.values().map(\.first) == [0, 3, 4, 0, 0])
            #expect(codeThrown { try cell.setBytes(bytes, in: 4..<6) } == .invalidValue)
            #expect(codeThrown { try cell.setBytes(bytes, in: 0..<3) } == .invalidValue)
            _ = try store.array("flags", of: Bool.self, count: 3)
            #expect(codeThrown { try store.cell("flags").setBytes([1, 2], in: 0..<2) } == .invalidValue)
            #expect(try store.array("flags", of: Bool.self, count: 3).values() == [false, false, false])
        }
    }
}

import Cellar
import CellarTestSupport
import Testing

struct TableTests {
    @Test func aTableIsAnOrderedMap() throws {
        try withScratchStore { scratch in
            var random = SeededRandom(for: "tables")
            let table = try scratch.open().table("words", keys: String.self, values: Int.self)
            var model: [String: Int] = [:]
            func word() -> String {
                String((0..<Int.random(in: 1...3, using: &random)).map { _ in "abc".randomElement(using: &random)! })
            }
            try table.write { (batch) throws(StoreError) in
                for _ in 0..<60 {
                    let (key, value) = (word(), Int.random(in: 0...9, using: &random))
                    if value == 0 {
                        #expect(try batch.remove(key) == (model.removeValue(forKey: key) != nil))
                    } else {
                        try batch.set(value, for: key)
                        model[key] = value
                    }
                    #expect(try batch.value(for: key) == model[key])
                }
            }
            #expect(try table.count() == model.count)
            for _ in 0..<200 {
                let (low, high) = (word(), word())
                let ranges: [(TableRange<String>, (String) -> Bool)] = [
                    (.all, { _ in true }), (.from(low), { $0 >= low }), (.upTo(high), { $0 < high }),
                    (.range(low, upTo: high), { $0 >= low && $0 < high }),
                    (.range(low, through: high), { $0 >= low && $0 <= high }), (.prefix(low), { $0.hasPrefix(low) }),
                ]
                let (range, isIn) = ranges.randomElement(using: &random)!
                let reversed = Bool.random(using: &random)
                let limit = Int.random(in: 0...5, using: &random)
                var expected = model.filter { isIn($0.key) }.sorted { $0.key < $1.key }
                if reversed { expected.reverse() }
                let found = try table.scan(range, reversed: reversed, limit: limit)
                #expect(found.map(\.key) == expected.prefix(limit).map(\.key))
                #expect(found.map(\.value) == expected.prefix(limit).map(\.value))
                #expect(try table.value(for: low) == model[low])
            }
            #expect(try table.scan(.upTo("")).isEmpty)
            #expect(try table.scan(.upTo(""), reversed: true).isEmpty)
            #expect(try table.scan(.from("")).count == model.count)
            #expect(try table.first()?.key == model.keys.min())
            #expect(try table.last()?.key == model.keys.max())
        }
    }

    /// What was set is on disk when the call returns: no checkpoint has to come.
    /// Keys that go behind all others are appended; what comes between, or again, is put where it belongs.
    @Test func aBatchInOrderAndOutOfIt() throws {
        try withScratchStore { scratch in
            let table = try scratch.open().table("numbers", keys: Int.self, values: Int.self)
            var model: [Int: Int] = [:]
            func set(_ keys: some Sequence<Int>, to value: Int) throws {
                try table.write { (batch) throws(StoreError) in
                    for key in keys {
                        try batch.set(value, for: key)
                        #expect(try batch.value(for: key) == value)
                    }
                }
                for key in keys { model[key] = value }
            }
            try set(stride(from: 0, to: 6_000, by: 2), to: 1)
            try set([5_998, 6_000, 6_000, 6_002, 7, 6_004, 9_999, 10_000], to: 2)
            try set(stride(from: 10_001, to: 12_000, by: 1), to: 3)
            try set(stride(from: 11_000, to: 9_000, by: -1), to: 4)
            let found = try table.scan(.all)
            #expect(found.map(\.key) == model.keys.sorted())
            #expect(found.map(\.value) == model.sorted { $0.key < $1.key }.map(\.value))
        }
    }

    @Test func whatWasSetIsThereAfterAReboot() throws {
        try withScratchStore { scratch in
            let store = try scratch.open { $0.checkpointInterval = .seconds(3600) }
            try store.table("texts", keys: Int.self, values: String.self).set("seven", for: -7)
            try store.table("plain", keys: CompositeKey<String, UInt8>.self, values: Triple.self).set(
                Triple(4), for: CompositeKey("x", 2))
            scratch.closeAll()
            try Store.discardSegment(of: scratch.path)
            for reading in [try scratch.openReadOnly(), try scratch.open()] {
                #expect(try reading.table("texts", keys: Int.self, values: String.self).value(for: -7) == "seven")
                let plain = try reading.table("plain", keys: CompositeKey<String, UInt8>.self, values: Triple.self)
                #expect(try plain.scan(.prefix("x")).map(\.value) == [Triple(4)])
                #expect(try plain.scan(.prefix("y")).isEmpty)
            }
            #expect(try Store.check(scratch.path).findings == [])
        }
    }

    private func writeWithin(_ table: SharedTable<String, [UInt8]>) throws {
        try table.write { (batch) throws(StoreError) in
            try batch.set([2], for: "never")
            try batch.removeAll()
            try table.set([3], for: "nested")
        }
    }

    @Test func errorsByKind() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let table = try store.table("table", keys: String.self, values: [UInt8].self)
            #expect(codeThrown { _ = try store.table("table", keys: Int.self, values: [UInt8].self) } == .mismatch)
            #expect(codeThrown { _ = try store.table("table", keys: String.self, values: Int.self) } == .mismatch)
            #expect(codeThrown { _ = try store.table("", keys: String.self, values: Int.self) } == .invalidName)
            #expect(codeThrown { try table.set([1], for: "") } == .invalidValue)
            #expect(codeThrown { try table.set([1], for: String(repeating: "x", count: 512)) } == .invalidValue)
            try table.set([1], for: String(repeating: "x", count: 511))
            try table.set([], for: "empty")
            #expect(try table.value(for: "empty") == [])
            #expect(try table.value(for: "") == nil)
            #expect(codeThrown { try writeWithin(table) } == .inUse)
            #expect(try table.count() == 2, "what throws changes nothing")
            let reading = try scratch.openReadOnly()
            #expect(codeThrown { _ = try reading.table("none", keys: String.self, values: Int.self) } == .readOnly)
            let looked = try reading.table("table", keys: String.self, values: [UInt8].self)
            #expect(codeThrown { try looked.set([1], for: "x") } == .readOnly)
            store.close()
            #expect(codeThrown { _ = try table.value(for: "empty") } == .closed)
        }
    }

    /// A snapshot stays as it was while others write.
    @Test func aSnapshotIsOfOneMoment() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let table = try store.table("numbers", keys: Int.self, values: Int.self)
            try table.write { (batch) throws(StoreError) in for key in 0..<100 { try batch.set(0, for: key) } }
            let writer = try scratch.worker("set-all", "numbers", 100, 5)
            try writer.expect("ready")
            try table.read { (snapshot) throws(StoreError) in
                let before = try snapshot.value(for: 0)
                writer.send()
                _ = try? writer.line()
                #expect(try snapshot.value(for: 0) == before)
                try snapshot.forEach { (entry) throws(StoreError) in
                    let value = try entry.value()
                    #expect(value == before)
                    return true
                }
            }
            #expect(try table.scan().allSatisfy { $0.value == 5 })
        }
    }
}

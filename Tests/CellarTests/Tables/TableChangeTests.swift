import Cellar
import CellarTestSupport
import Testing

/// Changes of one key and of ranges, sequences, and what becomes of tables as a whole.
struct TableChangeTests {
    private func filled(_ store: Store, _ name: String = "numbers") throws -> SharedTable<Int, Int> {
        let table = try store.table(name, keys: Int.self, values: Int.self)
        try table.write { (batch) throws(StoreError) in for key in 0..<100 { try batch.set(key * key, for: key) } }
        return table
    }

    @Test func updateMakesChangesAndRemoves() throws {
        try withScratchStore { scratch in
            let table = try scratch.open().table("t", keys: String.self, values: Int.self)
            for expected in [1, 2] as [Int?] + [nil] {
                try table.update("n") { (value) throws(StoreError) in value = value == 2 ? nil : (value ?? 0) + 1 }
                #expect(try table.value(for: "n") == expected)
            }
            let code = codeThrown {
                try table.update("n") { (value) throws(StoreError) in
                    value = 9
                    throw StoreError(.invalidValue, "on purpose")
                }
            }
            #expect(code == .invalidValue)
            #expect(try table.value(for: "n") == nil, "what throws changes nothing")
        }
    }

    @Test func rangesAreCountedAndRemoved() throws {
        try withScratchStore { scratch in
            let table = try filled(scratch.open())
            #expect(try table.count(in: .range(10, upTo: 20)) == 10)
            #expect(try table.count(in: .from(95)) == 5)
            #expect(try table.removeAll(in: .range(10, through: 20)) == 11)
            #expect(try table.removeAll(in: .range(10, through: 20)) == 0)
            #expect(try table.count() == 89)
            #expect(try table.scan(.range(9, through: 21)).map(\.key) == [9, 21])
            #expect(try table.contains(9) && !table.contains(10))
            #expect(try table.removeAll() == 89)
            #expect(try table.first() == nil)
        }
    }

    @Test func valuesAreReadWithoutACopy() throws {
        try withScratchStore { scratch in
            let table = try scratch.open().table("t", keys: Int.self, values: String.self)
            try table.set("hello", for: 1)
            let count = try table.withValue(for: 1) { (bytes) throws(StoreError) in bytes.byteCount }
            #expect(count == 5)
            #expect(try table.withValue(for: 2) { (bytes) throws(StoreError) in bytes.byteCount } == nil)
        }
    }

    /// The sequence is of one moment, though its own process writes meanwhile; it ends with its last holder.
    @Test func entriesAreASequenceOfOneMoment() throws {
        try withScratchStore { scratch in
            let table = try filled(scratch.open())
            var seen: [Int] = []
            for entry in try table.entries(in: .range(5, upTo: 50), reversed: true) {
                let (key, value) = try entry.get()
                #expect(value == key * key)
                seen.append(key)
                try table.set(-1, for: key - 1)
            }
            #expect(seen == (5..<50).reversed())
            #expect(try table.value(for: 10) == -1)
            #expect(try table.entries(in: .from(98)).map { try $0.get().key } == [98, 99])
            let looked = try scratch.openReadOnly().table("numbers", keys: Int.self, values: Int.self)
            #expect(try looked.entries().map { try $0.get().key } == Array(0..<100))
        }
    }

    @Test func aRemovedTableIsGoneForItsHandlesAndNotForItsSuccessor() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let table = try filled(store)
            let other = try filled(store, "other")
            #expect(try store.removeTable("numbers"))
            #expect(try !store.removeTable("numbers"))
            let successor = try store.table("numbers", keys: String.self, values: Int.self)
            try successor.set(1, for: "one")
            #expect(codeThrown { _ = try table.value(for: 5) } == .removed)
            #expect(codeThrown { _ = try table.value(for: 5) } == .removed, "the second time too")
            #expect(codeThrown { try table.set(5, for: 5) } == .removed)
            #expect(codeThrown { _ = try table.count() } == .removed)
            #expect(codeThrown { _ = try table.entries() } == .removed)
            #expect(try other.value(for: 5) == 25 && successor.scan().count == 1)
            #expect(try store.tables().map(\.name) == ["numbers", "other"])
            let inner = codeThrown { try other.write { (_) throws(StoreError) in try store.removeTable("other") } }
            #expect(inner == .inUse)
            #expect(try Store.check(scratch.path).findings == [])
        }
    }

    @Test func aRenamedTableIsTheSame() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let table = try filled(store)
            _ = try filled(store, "other")
            try store.renameTable("numbers", to: "squares")
            try table.set(7, for: 7)
            #expect(try store.table("squares", keys: Int.self, values: Int.self).value(for: 7) == 7)
            #expect(try store.table("numbers", keys: Int.self, values: Int.self).count() == 0, "a new one")
            #expect(codeThrown { try store.renameTable("squares", to: "other") } == .cellExists)
            #expect(codeThrown { try store.renameTable("none", to: "x") } == .noSuchCell)
            #expect(codeThrown { try store.renameTable("squares", to: "") } == .invalidName)
            #expect(codeThrown { try scratch.openReadOnly().removeTable("squares") } == .readOnly)
        }
    }
}

import CellarTestSupport
import Testing

@testable import Cellar

struct UntypedTableTests {
    /// What is written as text is what the typed handle reads, and the other way round.
    @Test func everyKindOfKey() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            func roundTrip<Key: TableKey>(_ key: Key, _ text: String, location: SourceLocation = #_sourceLocation)
                throws
            {
                let name = "t-\(Key.keyType.filter { $0.isLetter || $0.isNumber })"
                let table = try store.table(name, keys: Key.self, values: Int.self)
                try table.set(5, for: key)
                let untyped = try store.untypedTable(name)
                #expect(try untyped.values(for: text).map(\.json) == ["5"], sourceLocation: location)
                try untyped.set("6", for: text)
                #expect(try table.scan().map(\.value) == [6], sourceLocation: location)
                try untyped.forEach { entry in
                    #expect(entry.key.description == text, sourceLocation: location)
                    return true
                }
                #expect(try untyped.remove(text) == 1 && table.count() == 0, sourceLocation: location)
                // The same types, made from their texts, are the same table.
                let made = try store.createTable(name + "-made", keys: Key.keyType, values: "int64")
                #expect(made.info.keyType == Key.keyType, sourceLocation: location)
                try made.set("1", for: text)
                #expect(
                    try store.table(name + "-made", keys: Key.self, values: Int.self).value(for: key) == 1,
                    sourceLocation: location)
            }
            try roundTrip(Int8(-5), "-5")
            try roundTrip(Int16(300), "300")
            try roundTrip(Int32(-70_000), "-70000")
            try roundTrip(Int.min, "-9223372036854775808")
            try roundTrip(UInt8(200), "200")
            try roundTrip(UInt16(60_000), "60000")
            try roundTrip(UInt32(4_000_000_000), "4000000000")
            try roundTrip(UInt64.max, "18446744073709551615")
            try roundTrip(Float(-1.5), "-1.5")
            try roundTrip(0.1, "0.1")
            try roundTrip(true, "true")
            try roundTrip("hällo", "hällo")
            try roundTrip([0, 255, 16] as [UInt8], "00ff10")
            try roundTrip(InlineString<8>("short"), "short")
            try roundTrip(CompositeKey("a", -5), #"["a", -5]"#)
            try roundTrip(KeyTuple([1, 0] as [UInt8], 2.5, "z"), #"["0100", 2.5, "z"]"#)
        }
    }

    @Test func rangesAndPieces() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let table = try store.table("t", keys: Int.self, values: Int.self)
            let map = try store.multimap("m", keys: String.self, values: Int.self)
            try table.write { (batch) throws(StoreError) in for key in 0..<1000 { try batch.set(key, for: key) } }
            try map.write { (batch) throws(StoreError) in
                for value in 0..<700 { for key in ["a", "b"] { try batch.insert(value, for: key) } }
            }
            func keys(_ name: String, _ range: UntypedTable.Range) throws -> [String] {
                var found: [String] = []
                try store.untypedTable(name).forEach(in: range) { entry in
                    found.append(entry.key.description + ":" + entry.value.description)
                    return true
                }
                return found
            }
            #expect(try keys("t", .init(from: "100", upTo: "900")) == (100..<900).map { "\($0):\($0)" })
            #expect(try keys("t", .init(upTo: "900", isReversed: true)) == (0..<900).reversed().map { "\($0):\($0)" })
            let pairs = ["a", "b"].flatMap { key in (0..<700).map { "\(key):\($0)" } }
            #expect(try keys("m", .init()) == pairs)
            #expect(try keys("m", .init(isReversed: true)) == pairs.reversed())
            #expect(try keys("m", .init(prefix: "b")) == pairs.suffix(700))
            #expect(codeThrown { _ = try store.untypedTable("t").values(for: "x") } == .invalidValue)
            #expect(codeThrown { _ = try store.untypedTable("none") } == .noSuchCell)
            #expect(codeThrown { _ = try store.createTable("t", keys: "int64", values: "int64") } == .cellExists)
            for (keys, values) in [
                ("int65", "int8"), ("(string", "int8"), ("int8", "what"), ("int128", "int8"), ("", "x"),
            ] {
                #expect(codeThrown { _ = try store.createTable("x", keys: keys, values: values) } == .unsupportedType)
            }
        }
    }

    /// Bytes that are none of the recorded types are found, by name.
    @Test func aCheckReadsAllEntries() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            _ = try store.table("good", keys: Int.self, values: Bool.self)
            let raw = try store.table("raw", keys: [UInt8].self, values: [UInt8].self)
            try raw.set([1, 2], for: [1, 2, 3])
            #expect(try Store.check(scratch.path).findings == [])
            // The same entries under other types: LMDB's own tools could do that.
            let database = store.attachment.catalogue.database
            let tables = try #require(try database.named(Catalogue.tables))
            let record = try #require(try store.tables().last)
            try database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
                let text = "table\nkey=int64\nvalue=bool\nin=\(record.database)"
                try transaction.put(text.utf8.span, for: "raw".utf8.span, in: tables)
            }
            let found = try Store.check(scratch.path).findings
            #expect(found.map(\.structure) == ["tables"])
            #expect(found.first?.text.contains("'raw' has a key that is no 'int64'") == true)
        }
    }
}

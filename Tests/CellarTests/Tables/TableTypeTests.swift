import CellarFoundation
import CellarTestSupport
import FoundationEssentials
import Testing

@testable import Cellar

/// Keys and values of more types.
struct TableTypeTests {
    private struct User: Codable, Equatable {
        var name: String
        var tags: [String?]
        var age: Int?
    }
    private enum Level: UInt8, TableKey {
        case low = 1
        case high = 200
    }

    private func key<Key: TableKey>(_ bytes: [UInt8]) throws(StoreError) -> Key {
        try unsafe bytes.span.bytes.withUnsafeBytes { (raw) throws(StoreError) in try unsafe Key(keyBytes: raw) }
    }

    private func expectSorted<Key: TableKey>(_ keys: [Key], location: SourceLocation = #_sourceLocation) throws {
        for (first, second) in zip(keys, keys.dropFirst()) {
            #expect(first.keyBytes.lexicographicallyPrecedes(second.keyBytes), sourceLocation: location)
        }
        for one in keys { #expect(try key(one.keyBytes) == one, sourceLocation: location) }
    }

    @Test func keysOfFoundation() throws {
        try expectSorted([-1e9, -0.5, 0, 1, 1e10].map { Date(timeIntervalSinceReferenceDate: $0) })
        let ids = (0..<20).map { _ in UUID() }.sorted { $0.uuidString < $1.uuidString }
        try expectSorted(ids)
        #expect(codeThrown { _ = try key([1, 2]) as UUID } == .corruptDatabase)
    }

    @Test func shortTextAndEnums() throws {
        try expectSorted(["a", "ab", "b"].map { InlineString<4>(stringLiteral: $0) })
        #expect(codeThrown { _ = try key(Array("abcde".utf8)) as InlineString<4> } == .corruptDatabase)
        try expectSorted([Level.low, .high])
        #expect(codeThrown { _ = try key([7]) as Level } == .corruptDatabase)
        #expect(Level.keyType == "uint8")
    }

    /// Keys of several parts have the bytes of nested ones, and sort part by part.
    @Test func keysOfManyParts() throws {
        let tuple = KeyTuple("a\0b", -5, Level.high)
        #expect(tuple.keyBytes == CompositeKey(CompositeKey("a\0b", -5), Level.high).keyBytes)
        #expect(type(of: tuple).keyType == "(string, int64, uint8)")
        #expect(KeyTuple<String, Int>.keyType == CompositeKey<String, Int>.keyType)
        try expectSorted([KeyTuple("a", -5, 1.5), KeyTuple("a", -5, 2), KeyTuple("a", 0, -1), KeyTuple("ab", -9, 0)])
        #expect(Set([tuple, tuple, KeyTuple("a\0b", -5, Level.low)]).count == 2)
        try withScratchStore { scratch in
            let table = try scratch.open().table("t", keys: KeyTuple<String, Int, Int>.self, values: Int.self)
            try table.write { (batch) throws(StoreError) in
                for (first, second) in [("a", 1), ("a", 2), ("b", 1)] {
                    for third in 0..<3 { try batch.set(third, for: KeyTuple(first, second, third)) }
                }
            }
            #expect(try table.scan(.prefix("a")).count == 6)
            #expect(try table.scan(.prefix("a", 2)).map(\.key) == (0..<3).map { KeyTuple("a", 2, $0) })
        }
    }

    @Test func valuesAsJSON() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let users = try store.table("users", keys: Int.self, values: User.self, codec: .json)
            let user = User(name: "Zoë", tags: ["a", nil], age: nil)
            try users.set(user, for: 1)
            #expect(try users.value(for: 1) == user)
            #expect(try users.scan().map(\.value) == [user])
            #expect(try store.tables().map(\.valueType) == ["json"])
            #expect(codeThrown { _ = try store.table("users", keys: Int.self, values: String.self) } == .mismatch)
            let untyped = try store.untypedTable("users")
            #expect(try untyped.values(for: "1").map(\.json) == [#"{"name":"Zoë","tags":["a",null]}"#])
            try untyped.set(#"{"name": "Bo", "tags": [], "age": 5}"#, for: "2")
            #expect(try users.value(for: 2) == User(name: "Bo", tags: [], age: 5))
            try untyped.set(#"{"nobody": 1}"#, for: "3")
            #expect(codeThrown { _ = try users.value(for: 3) } == .invalidValue)
        }
    }

    @Test func valuesOfAProgramsOwn() throws {
        struct Reversed: Error {}
        try withScratchStore { scratch in
            let store = try scratch.open()
            func codec(_ type: String) -> TableCodec<String> {
                TableCodec(type: type) {
                    Array($0.utf8.reversed())
                } decode: { bytes in
                    guard bytes.first != 0x21 else { throw Reversed() }
                    return String(decoding: bytes.reversed(), as: UTF8.self)
                }
            }
            let table = try store.table("t", keys: Int.self, codec: codec("reversed 1"))
            try table.set("abc", for: 1)
            #expect(try table.value(for: 1) == "abc")
            #expect(try store.untypedTable("t").values(for: "1").map(\.description) == ["636261"])
            try store.untypedTable("t").set("2121", for: "2")
            #expect(codeThrown { _ = try table.value(for: 2) } == .invalidValue)
            #expect(codeThrown { _ = try store.table("t", keys: Int.self, codec: codec("reversed 2")) } == .mismatch)
            for name in ["", "string", "bytes", "int64", "a\nb", String(repeating: "x", count: 201)] {
                #expect(codeThrown { _ = try store.table("u", keys: Int.self, codec: codec(name)) } == .invalidName)
            }
        }
    }
}

import CellarTestSupport
import Testing

@testable import Cellar

/// The bytes of keys sort as their values do, and can be read back.
struct TableKeyTests {
    private func key<Key: TableKey>(_ bytes: [UInt8]) throws(StoreError) -> Key {
        try unsafe bytes.span.bytes.withUnsafeBytes { (raw) throws(StoreError) in try unsafe Key(keyBytes: raw) }
    }

    private func expectSameOrder<Key: TableKey>(
        _ keys: [Key], by areInOrder: (Key, Key) -> Bool, location: SourceLocation = #_sourceLocation
    ) throws {
        for first in keys {
            let bytes = first.keyBytes
            #expect(try key(bytes) == first, sourceLocation: location)
            for second in keys {
                let isBefore = bytes.lexicographicallyPrecedes(second.keyBytes)
                #expect(isBefore == areInOrder(first, second), "\(first), \(second)", sourceLocation: location)
            }
        }
    }

    private func integers<Number: FixedWidthInteger & TableKey>(_ type: Number.Type, _ random: inout SeededRandom)
        throws
    {
        let special: [Number] = [.min, .min + 1, 0, 1, .max - 1, .max, 127, 100]
        try expectSameOrder(special + (0..<30).map { _ in Number.random(in: .min ... .max, using: &random) }, by: <)
    }

    @Test func numbers() throws {
        var random = SeededRandom(for: "keys")
        try integers(UInt8.self, &random)
        try integers(UInt16.self, &random)
        try integers(UInt32.self, &random)
        try integers(UInt64.self, &random)
        try integers(UInt.self, &random)
        try integers(Int8.self, &random)
        try integers(Int16.self, &random)
        try integers(Int32.self, &random)
        try integers(Int64.self, &random)
        try integers(Int.self, &random)
        let doubles: [Double] = [
            -.infinity, -.greatestFiniteMagnitude, -1, -.leastNonzeroMagnitude, 0, .leastNonzeroMagnitude, 1, 1.5,
            .infinity,
        ]
        let more: [Double] = (0..<40).map { _ in Double.random(in: -1e9...1e9, using: &random) }
        try expectSameOrder(doubles + more) { (first: Double, second: Double) -> Bool in first < second }
        let floats: [Float] = doubles.map { Float($0) }.filter { $0 != 0 } + [0, 3, -3]
        try expectSameOrder(floats) { (first: Float, second: Float) -> Bool in first < second }
        try expectSameOrder([false, true]) { !$0 && $1 }
        #expect((-0.0).keyBytes == 0.0.keyBytes)
    }

    private func text(_ random: inout SeededRandom) -> [UInt8] {
        (0..<Int.random(in: 0...4, using: &random)).map { _ in [0, 1, 97, 98, 254, 255].randomElement(using: &random)! }
    }

    @Test func textAndComposites() throws {
        var random = SeededRandom(for: "composite keys")
        let texts = (0..<60).map { _ in text(&random) }
        try expectSameOrder(texts) { $0.lexicographicallyPrecedes($1) }
        let words = ["a", "a\0", "a\0b", "ab", "b", "ä", "z", "日本", "ß"]
        try expectSameOrder(words) { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        typealias Pair = CompositeKey<[UInt8], Int16>
        let pairs = (0..<60).map { _ in Pair(text(&random), Int16.random(in: -2...2, using: &random)) }
        try expectSameOrder(pairs) { first, second in
            if first.first != second.first { return first.first.lexicographicallyPrecedes(second.first) }
            return first.second < second.second
        }
        typealias Triple = CompositeKey<Pair, String>
        let triples = pairs.prefix(20).map { Triple($0, ["", "x", "x\0"].randomElement(using: &random)!) }
        try expectSameOrder(triples) { first, second in
            if first.first != second.first {
                return first.first.keyBytes.lexicographicallyPrecedes(second.first.keyBytes)
            }
            return first.second.utf8.lexicographicallyPrecedes(second.second.utf8)
        }
        #expect(Triple.keyType == "((bytes, int16), string)")
    }

    /// Bytes from a damaged database are no key, and no trap.
    @Test func otherBytesAreRefused() {
        func decode<Key: TableKey>(_ type: Key.Type, _ bytes: [UInt8]) -> StoreError.Code? {
            codeThrown { _ = try key(bytes) as Key }
        }
        #expect(decode(Int.self, [1, 2, 3]) == .corruptDatabase)
        #expect(decode(Int.self, [UInt8](repeating: 1, count: 9)) == .corruptDatabase)
        #expect(decode(Bool.self, [2]) == .corruptDatabase)
        #expect(decode(String.self, [0xFF, 0xFE]) == .corruptDatabase)
        #expect(decode(CompositeKey<String, Int>.self, [97, 98]) == .corruptDatabase)
        #expect(decode(CompositeKey<String, Int>.self, [97, 0, 7, 1]) == .corruptDatabase)
    }
}

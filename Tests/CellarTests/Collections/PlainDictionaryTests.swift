import Cellar
import CellarTestSupport
import Testing

/// Dictionaries whose entries lie in their slots, in the sizes that have ways of their own.
struct PlainDictionaryTests {
    struct Wide: BitwiseCopyable, Hashable { var high, low: Int }
    struct Odd: BitwiseCopyable, Hashable { var a, b, c: Int32 }
    struct Small: BitwiseCopyable, Equatable { var a, b, c: UInt8 }
    struct Uneven: BitwiseCopyable, Equatable {
        var number: Int
        var rest: UInt16
    }

    /// Set, replaced and read through growth, as seen by who set them and by who attaches later.
    private func fill<Key: Hashable & BitwiseCopyable & Sendable, Value: Equatable & BitwiseCopyable & Sendable>(
        largePages: Bool = false, count: Int = 5000, _ key: (Int) -> Key,
        _ value: (Int) -> Value, _ dictionary: (Store) throws -> SharedDictionary<Key, Value>
    ) throws {
        try withScratchStore { scratch in
            let store = try scratch.open { $0.prefersLargePages = largePages }
            let entries = try dictionary(store)
            for index in 0..<count { try entries.set(value(index), for: key(index)) }
            for index in stride(from: 0, to: count, by: 3) { try entries.set(value(index + 1), for: key(index)) }
            #expect(try entries.count == count)
            #expect((0..<count).allSatisfy { (try? entries[key($0)]) == value($0 % 3 == 0 ? $0 + 1 : $0) })
            #expect((count..<count + 500).allSatisfy { (try? entries.contains(key($0))) == false })
            #expect(try Store.check(scratch.path).findings.filter { $0.kind == .damaged } == [])
            let looking = try dictionary(try scratch.openReadOnly())
            #expect((0..<count).allSatisfy { (try? looking[key($0)]) == value($0 % 3 == 0 ? $0 + 1 : $0) })
        }
    }

    @Test func keysOfTwoWords() throws {
        try fill({ Wide(high: $0, low: 7) }, { Uneven(number: $0, rest: UInt16(truncatingIfNeeded: $0)) }) {
            try $0.dictionary("d", keys: Wide.self, values: Uneven.self)
        }
    }

    @Test func unevenKeysAndSmallValues() throws {
        try fill({ Odd(a: Int32($0), b: 1, c: -1) }, { Small(a: UInt8(truncatingIfNeeded: $0), b: 2, c: 3) }) {
            try $0.dictionary("d", keys: Odd.self, values: Small.self)
        }
    }

    @Test func withALimitThatIsNotReached() throws {
        try fill({ $0 }, { $0 }) { try $0.dictionary("d", keys: Int.self, values: Int.self, capacity: 1_000_000) }
    }

    /// Where the system has none, nothing differs.
    @Test func inLargePages() throws {
        try fill(largePages: true, count: 100_000, { Wide(high: $0, low: 7) }, { $0 }) {
            try $0.dictionary("d", keys: Wide.self, values: Int.self, persistence: .volatile)
        }
    }
}

import Cellar
import CellarTestSupport
import Testing

struct MultimapTests {
    @Test func aKeyHasASortedSetOfValues() throws {
        try withScratchStore { scratch in
            var random = SeededRandom(for: "multimaps")
            let map = try scratch.open().multimap("pages", keys: String.self, values: Int.self)
            var model: [String: Set<Int>] = [:]
            try map.write { (batch) throws(StoreError) in
                for _ in 0..<3000 {
                    let key = ["a", "b", "ab", "c"].randomElement(using: &random)!
                    let value = Int.random(in: -300...300, using: &random)
                    if Int.random(in: 0..<4, using: &random) == 0 {
                        #expect(try batch.remove(value, for: key) == (model[key]?.remove(value) != nil))
                    } else {
                        #expect(try batch.insert(value, for: key) == model[key, default: []].insert(value).inserted)
                    }
                    #expect(try batch.contains(value, for: key) == (model[key]?.contains(value) ?? false))
                }
            }
            for key in ["a", "b", "ab", "c", "none"] {
                let expected = (model[key] ?? []).sorted()
                #expect(try map.values(for: key) == expected)
                #expect(try map.count(for: key) == expected.count)
            }
            let all = model.keys.sorted().flatMap { key in model[key]!.sorted().map { (key, $0) } }
            #expect(try map.count() == all.count)
            #expect(try map.scan().map(\.value) == all.map(\.1))
            #expect(try map.scan(reversed: true).map(\.value) == all.map(\.1).reversed())
            #expect(try map.scan(.prefix("a")).allSatisfy { $0.key.hasPrefix("a") })
            #expect(try map.removeAll(for: "a") == model["a"]!.count)
            #expect(try map.values(for: "a") == [] && map.count(for: "ab") == model["ab"]!.count)
            // Pages of trees inside of trees are accounted for.
            #expect(try Store.check(scratch.path).findings == [])
        }
    }

    @Test func errorsByKind() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let map = try store.multimap("map", keys: String.self, values: String.self)
            #expect(codeThrown { _ = try store.table("map", keys: String.self, values: String.self) } == .mismatch)
            #expect(codeThrown { _ = try store.multimap("map", keys: String.self, values: Int.self) } == .mismatch)
            _ = try store.table("table", keys: String.self, values: String.self)
            #expect(codeThrown { _ = try store.multimap("table", keys: String.self, values: String.self) } == .mismatch)
            #expect(codeThrown { try map.insert(String(repeating: "x", count: 512), for: "k") } == .invalidValue)
            #expect(codeThrown { try map.insert("", for: "k") } == .invalidValue)
            try map.insert(String(repeating: "x", count: 511), for: "k")
            #expect(try !map.remove("", for: "k"))
            store.close()
            #expect(codeThrown { _ = try map.count() } == .closed)
        }
    }
}

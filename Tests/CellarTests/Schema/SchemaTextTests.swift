import Testing

@testable import Cellar

/// The canonical text of schemas and its reader.
struct SchemaTextTests {
    @Test func randomSchemasReadBack() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = ContentRandom(seed: seed)
        for _ in 0..<2000 {
            let schema = random.schema()
            let read = try Schema(parsing: schema.description)
            #expect(read == schema && read.fingerprint == schema.fingerprint, "seed \(seed): \(schema)")
            #expect(read.size == schema.size && read.alignment == schema.alignment, "seed \(seed): \(schema)")
            #expect(read.shape == schema.shape, "seed \(seed): \(schema)")
        }
    }

    /// Damaged text is refused, or is the text of a schema that reads back and whose values can be read.
    @Test func damagedTextNeverTraps() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = ContentRandom(seed: seed)
        for _ in 0..<10000 {
            let text = random.mutated(random.schema().description)
            guard let read = try? Schema(parsing: text) else { continue }
            #expect(try Schema(parsing: read.description) == read, "seed \(seed): \(text)")
            if read.size < 1 << 12 { _ = try? read.content(of: [UInt8](repeating: 0, count: read.size)) }
        }
    }

    @Test func shortNames() throws {
        #expect(try Schema(parsing: " int ").description == "int64")
        #expect(try Schema(parsing: "text<64>").description == "string<64>")
        #expect(try Schema(parsing: "float32") == Schema(.scalar(.float)))
    }

    @Test(arguments: [
        "", "{", "{}", "int7", "string<0>", "string<65536>", "array<int8, 0>", "array<int64, 99999999999>",
        "simd<bool, 2>",
        "simd<int128, 2>", "simd<int8, 5>", "{a: int8 @0, b: int8 @0}", "{a: int8 @0, a: int8 @1}", "{a: int16 @1}",
        "{a: int8}",
        "int8 int8", "enum<3>{a = 0 \"\"}", "enum<1>{}", "enum<1>{a = 256 \"\"}", "enum<1>{a = 0 \"\", b = 0 \"\"}",
        "{a: int8 @-1}", "{a: int8 @99999999999}", "{\"a: int8 @0}", "{\"\\q\": int8 @0}", "{\"\\", "{\"\\2", "{\"\\22",
        "array<array<int64, 65536>, 65536>",
    ])
    func refuses(_ text: String) {
        #expect { try Schema(parsing: text) } throws: { ($0 as? StoreError)?.code == .invalidValue }
    }

    @Test func depthSizeAndWorkAreBounded() {
        let deep = String(repeating: "array<", count: 10000) + "int8" + String(repeating: ", 1>", count: 10000)
        #expect(throws: StoreError.self) { try Schema(parsing: deep) }
        #expect(throws: StoreError.self) { try Schema(parsing: String(repeating: "{a: ", count: 10000)) }
        #expect(throws: StoreError.self) { try Schema(parsing: String(repeating: "x", count: 1 << 17)) }
        let checks = (0..<2000).map { "f\($0):array<bool,65000>@\($0 * 65000)" }.joined(separator: ",")
        #expect(throws: StoreError.self) { try Schema(parsing: "{\(checks)}") }
    }
}

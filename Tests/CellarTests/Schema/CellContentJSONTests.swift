import Testing

@testable import Cellar

/// The JSON reader and writer.
struct CellContentJSONTests {
    @Test func numbers() throws {
        #expect(try CellContent(json: "-12") == .integer(-12))
        #expect(try CellContent(json: " 0 ") == .integer(0))
        #expect(try CellContent(json: "\(Int128.min)") == .integer(.min))
        #expect(try CellContent(json: "\(UInt128.max)") == .unsigned(.max))
        #expect(try CellContent(json: "1.0") == .floating(1))
        #expect(try CellContent(json: "1E+2") == .floating(100))
        #expect(try CellContent(json: "1" + String(repeating: "0", count: 50)) == .floating(1e50))
    }

    @Test func structure() throws {
        let content = try CellContent(json: #" { "a" : [ 1 , true , "x" ] , "b" : { } , "c":[] } "#)
        #expect(content.json == #"{"a": [1, true, "x"], "b": {}, "c": []}"#)
        #expect(try CellContent(json: content.json) == content)
    }

    @Test func strings() throws {
        let text =
            String(String.UnicodeScalarView((0..<0x300).compactMap { Unicode.Scalar($0) }))
            + "\u{2028}\u{2029}🙂\u{10FFFF}"
        #expect(try CellContent(json: CellContent.escape(text)) == .text(text))
        #expect(
            CellContent.escape(text).unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
        )
        #expect(CellContent.escape("a\"\\\n\u{1}/é") == #""a\"\\\n\u0001/é""#)
        #expect(try CellContent(json: #""\u00e9\ud83d\ude42\/\b\f""#) == .text("é🙂/\u{8}\u{C}"))
    }

    @Test(arguments: [
        "", " ", "null", "[null]", "tru", "True", "nan", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "1e999",
        "--1", "[", "]",
        "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}",
        "{a:1}",
        "{\"a\" 1}", "{1:1}", "\"", "\"a", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u+123\"", "\"\\u 123\"", "\"\\ud800\"",
        "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\ud800\\", "\"\\ud800\\u", "\"a\nb\"", "1 2", "[] []", "'a'",
        "{\"a\":1,\"a\":2}",
        "\u{FEFF}1", "\u{0}", "1\u{0}", "1_0", "１", ",", ":", "[\"a\":1]", "//", "Infinity",
    ])
    func refuses(_ text: String) {
        #expect { try CellContent(json: text) } throws: { ($0 as? StoreError)?.code == .invalidValue }
    }

    @Test func depthIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try CellContent(json: nested(32))
        #expect(throws: StoreError.self) { try CellContent(json: nested(33)) }
        #expect(throws: StoreError.self) { try CellContent(json: nested(1_000_000)) }
        #expect(throws: StoreError.self) { try CellContent(json: String(repeating: "{\"a\":", count: 100_000)) }
        #expect(throws: StoreError.self) {
            try CellContent(parsing: nested(100_000), as: Schema(parsing: "array<int8, 1>"))
        }
    }

    @Test func longInputIsReadInLinearTime() throws {
        let many = "[" + String(repeating: "1, ", count: 100_000) + "1]"
        guard case .list(let values) = try CellContent(json: many) else { return #expect(Bool(false)) }
        #expect(values.count == 100_001)
        let digits = String(repeating: "9", count: 100_000)
        #expect(throws: StoreError.self) { try CellContent(parsing: digits, as: Schema(parsing: "int64")) }
        #expect(throws: StoreError.self) { try CellContent(json: digits) }
    }

    /// Text made from good text by small damage is read or refused, and what was read is written and read the same.
    @Test func damagedTextNeverTraps() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = ContentRandom(seed: seed)
        for _ in 0..<3000 {
            let schema = random.schema()
            let content = try schema.content(of: random.value(of: schema))
            let text = random.mutated(random.below(2) == 0 ? content.json : content.description)
            if let read = try? CellContent(json: text) {
                #expect(try CellContent(json: read.json) == read, "seed \(seed): \(text)")
                _ = try? schema.bytes(of: read)
            }
            if let read = try? CellContent(parsing: text, as: schema), let bytes = try? schema.bytes(of: read) {
                #expect(bytes.count == schema.size, "seed \(seed)")
                #expect(try schema.bytes(of: schema.content(of: bytes)) == bytes, "seed \(seed): \(text)")
            }
        }
    }
}

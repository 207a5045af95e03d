import Testing

@testable import Cellar

/// Bytes to values and back, a kind at a time and at its extremes.
struct CellContentTests {
    private func bytes(_ text: String, _ schema: String, over old: [UInt8]? = nil) throws -> [UInt8] {
        let schema = try Schema(parsing: schema)
        return try schema.bytes(of: CellContent(parsing: text, as: schema), over: old)
    }

    /// The message of the error, or a failed test.
    private func refusal(
        _ sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Any
    ) -> String {
        do {
            Issue.record("not refused: \(try body())", sourceLocation: sourceLocation)
            return ""
        } catch let error as StoreError {
            #expect(error.code == .invalidValue, sourceLocation: sourceLocation)
            return error.message
        } catch {
            Issue.record("\(error)", sourceLocation: sourceLocation)
            return ""
        }
    }

    private func integers<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) throws {
        let schema = try Schema.of(type)
        for number in [Number.min, 0, 1, Number.max - 1, Number.max] {
            let bytes = littleEndian(number)
            let content = try schema.content(of: bytes)
            #expect(content.json == "\(number)")
            #expect(content.description == "\(number)")
            for read in [
                content, try CellContent(json: content.json), try CellContent(parsing: "\(number)", as: schema),
            ] {
                #expect(try schema.bytes(of: read) == bytes)
            }
            #expect(try CellContent(parsing: "\(number)", as: schema) == content)
        }
        let beyond = [
            Number.max.description + "0", Number.min == 0 ? "-1" : Number.min.description + "0", "0.5", "x", "nan",
        ]
        for text in beyond {
            let message = refusal { try bytes(text, schema.description) }
            #expect(message.contains("a whole number from \(Number.min) to \(Number.max)") && message.contains(text))
        }
    }

    @Test func integersAtTheirExtremes() throws {
        try integers(Int8.self)
        try integers(Int16.self)
        try integers(Int32.self)
        try integers(Int64.self)
        try integers(Int.self)
        try integers(Int128.self)
        try integers(UInt8.self)
        try integers(UInt16.self)
        try integers(UInt32.self)
        try integers(UInt64.self)
        try integers(UInt.self)
        try integers(UInt128.self)
        #expect(try bytes("127", "int8") == [127])
        #expect(try bytes("1e38", "int128") == littleEndian(Int128("1" + String(repeating: "0", count: 38))!))
        #expect(try bytes("-0x80000000000000000000000000000000", "int128") == littleEndian(Int128.min))
        for text in ["128", "-129", "1e2147483648", "1e999999999999", "1e40", "-0x81"] {
            #expect(refusal { try bytes(text, "int8") }.contains("from -128 to 127"))
        }
        #expect(try Schema.of(UInt128.self).content(of: littleEndian(UInt128(7))) == .unsigned(7))
    }

    @Test(arguments: [
        ("3", 3), ("-0x10", -16), ("+5", 5), ("0b101", 5), ("0o17", 15), ("1e3", 1000), ("1.50e1", 15), ("1.0", 1),
        ("10e-1", 1), ("-0", 0), ("0e99999999", 0), ("0.000", 0), ("  7 ", 7),
        ("9007199254740993.0", 9_007_199_254_740_993),
        ("9223372036854775807", Int.max), ("-9.223372036854775808E18", Int.min), ("0007", 7),
        ("1e18", 1_000_000_000_000_000_000),
    ])
    func whole(_ text: String, _ number: Int) throws {
        #expect(try bytes(text, "int64") == littleEndian(number))
    }

    @Test(arguments: [
        "", " ", "-", "+", "0x", "0x+5", "0x-5", "--1", "1e", "1e1.0", ".5", "5.", "e3", "1.5", "1e-1", "12a", "1 2",
        "[1]",
        "{}", "\"3\"", "true", "1,2", "0xg", "１", "9223372036854775808", "1e19", "\u{0}",
    ])
    func notWhole(_ text: String) {
        #expect(refusal { try bytes(text, "int64") }.contains("a whole number from -9223372036854775808"))
    }

    @Test func floatingPointNumbersReadBackAsTheyWere() throws {
        let float = try Schema.of(Float.self)
        for number: Float in [
            0, -0.0, 0.1, 1e10, 16_777_216, .leastNonzeroMagnitude, -.greatestFiniteMagnitude, .infinity, -.infinity,
            .nan,
        ] {
            let bytes = littleEndian(number.bitPattern)
            let content = try float.content(of: bytes)
            #expect(try float.bytes(of: content) == bytes)
            #expect(try float.bytes(of: CellContent(json: content.json)) == bytes)
            #expect(try float.bytes(of: CellContent(parsing: content.description, as: float)) == bytes)
            #expect(try float.bytes(of: CellContent(parsing: content.json, as: float)) == bytes)
        }
        let double = try Schema.of(Double.self)
        for number: Double in [
            0, -0.0, 0.1, 1e22, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, -.infinity, .nan,
        ] {
            let bytes = littleEndian(number.bitPattern)
            let content = try double.content(of: bytes)
            #expect(try double.bytes(of: CellContent(json: content.json)) == bytes)
            #expect(try double.bytes(of: CellContent(parsing: content.description, as: double)) == bytes)
        }
        #expect(try float.content(of: littleEndian(Float(0.1).bitPattern)).json == "0.1")
        #expect(CellContent.floating(.nan).json == "\"nan\"")
        #expect(CellContent.floating(-.infinity).json == "\"-inf\"")
        #expect(CellContent.float(.infinity).json == "\"inf\"")
        #expect(CellContent.floating(.nan).description == "nan")
    }

    @Test func everyFloat16ReadsBackAndHasItsOwnShortestText() throws {
        let schema = try Schema.of(Float16.self)
        for bits in UInt16.min...UInt16.max {
            let number = Float16(bitPattern: bits)
            let bytes = littleEndian(number.isNaN ? Float16.nan.bitPattern : bits)
            let content = try schema.content(of: bytes)
            guard try schema.bytes(of: content) == bytes,
                try schema.bytes(of: CellContent(json: content.json)) == bytes,
                try schema.bytes(of: CellContent(parsing: content.description, as: schema)) == bytes
            else {
                Issue.record("bits \(bits)")
                return
            }
        }
        #expect(try schema.content(of: littleEndian(Float16(0.1).bitPattern)).json == "0.1")
    }

    @Test func floatingPointTypesTakeWholeNumbersAndRefuseWhatIsTooLarge() throws {
        #expect(try bytes("3", "double") == littleEndian(3.0.bitPattern))
        #expect(try bytes("-0x10", "float") == littleEndian(Float(-16).bitPattern))
        #expect(try bytes("infinity", "double") == littleEndian(Double.infinity.bitPattern))
        for (text, type) in [("1e999", "double"), ("1e39", "float"), ("-70000", "float16"), ("0xffffff", "float16")] {
            #expect(refusal { try bytes(text, type) }.contains("it wants a number"))
        }
        let float = try Schema(parsing: "float")
        #expect(refusal { try float.bytes(of: .floating(1e300)) }.contains("3.4028235e+38"))
        #expect(refusal { try float.bytes(of: .text("3")) }.contains("it wants a number"))
        #expect(try Schema(parsing: "int8").bytes(of: .floating(3)) == [3])
        #expect(refusal { try Schema(parsing: "int8").bytes(of: .floating(3.5)) }.contains("-128"))
        #expect(refusal { try Schema(parsing: "int8").bytes(of: .float(.nan)) }.contains("-128"))
        #expect(refusal { try Schema(parsing: "uint8").bytes(of: .unsigned(256)) }.contains("0 to 255"))
    }

    @Test func truthValues() throws {
        #expect(try bytes("true", "bool") == [1])
        #expect(try bytes("false", "bool") == [0])
        for text in ["1", "yes", "True", ""] { #expect(refusal { try bytes(text, "bool") }.contains("true or false")) }
        #expect(refusal { try Schema(parsing: "bool").content(of: [7]) }.contains("a Bool is 7"))
    }

    @Test func textStandsAsItIsTyped() throws {
        #expect(try bytes("hello", "string<8>") == [5, 0] + Array("hello".utf8) + [0, 0, 0])
        #expect(try bytes(" \"a\" ", "string<8>") == [5, 0] + Array(" \"a\" ".utf8) + [0, 0, 0])
        #expect(try bytes("", "string<1>") == [0, 0, 0])
        #expect(try bytes("éé", "string<4>").prefix(2) == [4, 0])
        #expect(refusal { try bytes("ééé", "string<5>") }.contains("text of at most 5 bytes"))
        let schema = try Schema(parsing: "string<4>")
        #expect(refusal { try schema.content(of: [5, 0, 1, 2, 3, 4]) }.contains("count of 5"))
        #expect(try schema.content(of: [2, 0, 0xFF, 65, 0, 0]) == .text("\u{FFFD}A"))
        #expect(
            try Schema.of(InlineString<300>.self).content(of: [44, 1] + [UInt8](repeating: 97, count: 300))
                == .text(String(repeating: "a", count: 300)))
    }

    @Test func enumsTakeNamesAndRawValues() throws {
        let type = "enum<2>{red = 0 \"7\", green = 258 \"G\", blue = 2 \"\"}"
        #expect(try bytes("green", type) == [2, 1])
        #expect(try bytes("G", type) == [2, 1])
        #expect(try bytes("7", type) == [0, 0])
        let schema = try Schema(parsing: type)
        #expect(try schema.bytes(of: .integer(7)) == [0, 0])
        #expect(try CellContent(parsing: "7", as: schema) == .text("red"))
        #expect(refusal { try bytes("pink", type) }.contains("one of red, green, blue"))
        #expect(refusal { try bytes("", type) }.contains("one of red, green, blue"))
        #expect(refusal { try schema.bytes(of: .list([])) }.contains("one of red"))
        #expect(refusal { try schema.content(of: [1, 1]) }.contains("the bits 257"))
    }

    @Test func listsAndVectors() throws {
        #expect(try bytes("[1, 2,3]", "array<int16, 3>") == [1, 0, 2, 0, 3, 0])
        #expect(try bytes("[0x1,2,3]", "simd<uint8, 3>") == [1, 2, 3, 0])
        #expect(try bytes("[red, \"red\"]", "array<enum<1>{red = 1 \"\"}, 2>") == [1, 1])
        #expect(refusal { try bytes("[1, 2]", "array<int16, 3>") }.contains("a list of 3, each a whole number"))
        #expect(refusal { try bytes("[1, 300]", "array<uint8, 2>") }.contains("element [1] cannot be '300'"))
        #expect(refusal { try bytes("5", "array<uint8, 2>") }.contains("a list of 2"))
        let schema = try Schema(parsing: "simd<float, 2>")
        #expect(try schema.content(of: littleEndian(UInt64(0))) == .list([.float(0), .float(0)]))
    }

    @Test func objectsWholeAndInPart() throws {
        let type = "{x: int16 @0, on: bool @2, sub: {t: string<2> @0, b: uint8 @4} @4}"
        let whole = try bytes("{x: 1, on: true, sub: {t: ab, b: 9}}", type)
        #expect(whole == [1, 0, 1, 0, 2, 0, 97, 98, 9])
        #expect(try bytes(#"{"x": 1, "sub": {"b": 9, "t": "ab"}, "on": true}"#, type) == whole)
        #expect(try bytes("{sub: {b: 4}}", type, over: whole) == [1, 0, 1, 0, 2, 0, 97, 98, 4])
        #expect(try bytes("{}", type, over: [1, 0, 1, 0xEE, 2, 0, 97, 98, 9]) == whole, "padding is zero")
        #expect(refusal { try bytes("{x: 1, on: true, sub: {t: ab}}", type) }.contains("field 'sub.b' is missing"))
        #expect(refusal { try bytes("{y: 1}", type, over: whole) }.contains("no field 'y': its fields are x, on, sub"))
        #expect(refusal { try bytes("{sub: {z: 1}}", type, over: whole) }.contains("field 'sub' has no field 'z'"))
        #expect(refusal { try bytes("{sub: {b: 256}}", type, over: whole) }.contains("field 'sub.b' cannot be '256'"))
        #expect(refusal { try bytes("{x: 1, x: 2}", type, over: whole) }.contains("twice"))
        #expect(refusal { try bytes("{}", type, over: [1]) }.contains("9 bytes, not 1"))
        let schema = try Schema(parsing: type)
        let twice = CellContent.object([.init(name: "x", value: .integer(1)), .init(name: "x", value: .integer(1))])
        #expect(refusal { try schema.bytes(of: twice, over: whole) }.contains("twice"))
        let unknown = CellContent.object([.init(name: "y", value: .integer(1))])
        #expect(refusal { try schema.bytes(of: unknown, over: whole) }.contains("no field 'y'"))
        #expect(try schema.content(of: whole).description == "{x: 1, on: true, sub: {t: \"ab\", b: 9}}")
        #expect(try schema.content(of: whole).json == #"{"x": 1, "on": true, "sub": {"t": "ab", "b": 9}}"#)
    }

    @Test func tuplesAreObjectsAndMayBeTypedAsLists() throws {
        let type = "{.0: uint8 @0, .1: int16 @2}"
        #expect(try bytes("[1, 2]", type) == [1, 0, 2, 0])
        #expect(try bytes("{.0: 1, .1: 2}", type) == [1, 0, 2, 0])
        #expect(try Schema(parsing: type).bytes(of: CellContent(json: "[1, 2]")) == [1, 0, 2, 0])
        #expect(refusal { try bytes("[1]", type) }.contains("an object with the fields .0, .1"))
    }

    @Test func damagedBytesNameTheField() throws {
        let schema = try Schema(parsing: "{a: array<{k: int8 @0, on: bool @1}, 2> @0, pair: {.0: bool @0} @4}")
        #expect(refusal { try schema.content(of: [0, 0, 0, 7, 0]) }.contains("field 'a[1].on'"))
        #expect(refusal { try schema.content(of: [0, 0, 0, 1, 9]) }.contains("field 'pair.0'"))
    }

    @Test func severalValuesLieAStrideApart() throws {
        let schema = try Schema(parsing: "{a: int16 @0, b: bool @2}")
        let bytes: [UInt8] = [1, 0, 1, 0xAA, 2, 0, 0, 0xAA]
        #expect(try schema.content(of: bytes, count: 2).map(\.description) == ["{a: 1, b: true}", "{a: 2, b: false}"])
        #expect(try schema.content(of: Array(bytes.prefix(7)), count: 2).count == 2)
        #expect(try schema.content(of: [], count: 0) == [])
        for count in [3, -1, Int.max] { _ = refusal { try schema.content(of: bytes, count: count) } }
        _ = refusal { try schema.content(of: [], count: 1) }
        #expect(refusal { try schema.content(of: [1, 0, 1, 0, 2, 0, 5], count: 2) }.contains("field '[1].b'"))
        for count in [0, 2, 5] { _ = refusal { try schema.content(of: [UInt8](repeating: 0, count: count)) } }
    }

    @Test func textForPeople() {
        let text = CellContent.text("a\"\u{1B}[2J")
        #expect(text.description == "a\"\\u001b[2J")
        #expect(CellContent.list([text, .boolean(true)]).description == #"["a\"\u001b[2J", true]"#)
        #expect(CellContent.object([.init(name: "an x", value: .floating(1))]).description == #"{"an x": 1.0}"#)
        #expect(CellContent.text("hello").description == "hello")
        #expect(CellContent.floating(0.5).description == "0.5")
    }

    @Test func randomValuesOfRandomTypesReadBack() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = ContentRandom(seed: seed)
        for round in 0..<2000 {
            let schema = random.schema()
            let bytes = random.value(of: schema)
            var noisy = bytes
            let padding = try schema.bytes(of: schema.content(of: bytes))
            #expect(padding == bytes, "seed \(seed), round \(round), \(schema)")
            let content = try schema.content(of: bytes)
            #expect(
                try schema.bytes(of: CellContent(json: content.json)) == bytes,
                "seed \(seed), \(schema) \(content.json)")
            switch schema.shape {
            case .string: #expect(try CellContent(json: content.json) == content, "seed \(seed)")
            default:
                for text in [content.json, content.description] where schema.isTyped {
                    let parsed = try CellContent(parsing: text, as: schema)
                    #expect(try schema.bytes(of: parsed) == bytes, "seed \(seed), \(schema) \(text)")
                }
            }
            for _ in 0..<5 {  // Whatever the bytes are, they are a value or refused.
                noisy[random.below(noisy.count)] = UInt8(truncatingIfNeeded: random.next())
                guard let content = try? schema.content(of: noisy) else { continue }
                #expect(throws: Never.self, "seed \(seed)") { try CellContent(json: content.json) }
            }
        }
    }
}

extension Schema {
    /// Whether text is read as JSON, not as it stands.
    fileprivate var isTyped: Bool {
        if case .enumeration = shape { false } else { true }
    }
}

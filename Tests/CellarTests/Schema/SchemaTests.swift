import Testing

@testable import Cellar

private struct Small: BitwiseCopyable { var a: Int16 = 1, on = true }
private struct Tail: BitwiseCopyable { var small = Small(), last: UInt8 = 9, wide: Double = 1 }
private struct Holes: BitwiseCopyable { var a: UInt8 = 1, b: UInt32 = 2 }
private struct HolesInside: BitwiseCopyable {
    var first: Int64 = 0, holes = Holes(), after: Int8 = 3, v = SIMD3<Float>()
}
private struct Pair<A: BitwiseCopyable, B: BitwiseCopyable>: BitwiseCopyable { var a: A, b: B }
private struct Points: BitwiseCopyable {
    var points = InlineArray<3, Pair<Float, Bool>>(repeating: Pair(a: 1, b: true))
}
private struct Named: BitwiseCopyable { var name: InlineString<5> = "ab", id: Int = 7 }
private struct Tuples: BitwiseCopyable { var pair: (Int8, Int32) = (1, 2), named: (x: Int16, y: Int8) = (3, 4) }
private enum Colour: Int, CaseIterable {
    case red = 10
    case green = 20
    case blue = 30
}
private enum Word: String, CaseIterable {
    case yes = "Y"
    case no = "N"
}
private enum Loose { case here, there }
private enum Payload: CaseIterable {
    case one(Int8)
    case two
    static var allCases: [Payload] { [.one(1), .two] }
}
private enum Twice: CaseIterable {
    case a, b
    static var allCases: [Twice] { [.a, .b, .a] }
}
private struct Enums: BitwiseCopyable { var colour = Colour.green, word = Word.no }
@safe private struct WithPointer: BitwiseCopyable { var x: Int, inner: Pointing }
@safe private struct Pointing: BitwiseCopyable { var n: Int, p: OpaquePointer }
@safe private struct Direct: BitwiseCopyable { var n = 1, p: UnsafeMutablePointer<Int> }
private struct Optionals: BitwiseCopyable { var n = 1, maybe: Int32? = nil }
private struct LooseEnum: BitwiseCopyable { var where_ = Loose.here }
private struct Empty: BitwiseCopyable {}

/// Shows two fields of the right types and sizes that are not its own.
private struct Liar: BitwiseCopyable, CustomReflectable {
    var x: Int32 = 1, y: Int32 = 2
    var customMirror: Mirror { Mirror(self, children: ["y": y, "x": x], displayStyle: .struct) }
}
private struct HoldsLiar: BitwiseCopyable { var n = 1, liar = Liar() }

private final class Node {}
private struct WithString { var id = 1, name = "x" }
private struct WithArray { var id = 1, inner = Inner() }
private struct Inner { var list = [1] }
private struct WithClass { var id = 1, node = Node() }

/// Schemas from Swift types.
struct SchemaTests {
    /// The schema's text and the bytes of a sample, read through it.
    private func expect<Value: BitwiseCopyable>(
        _ sample: Value, _ text: String, _ shown: String, _ sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let schema = try Schema.of(Value.self)
        #expect(schema.description == text, sourceLocation: sourceLocation)
        #expect(try Schema(parsing: text) == schema, sourceLocation: sourceLocation)
        #expect(schema.size == MemoryLayout<Value>.size && schema.stride == MemoryLayout<Value>.stride)
        let bytes = unsafe withUnsafeBytes(of: sample) { unsafe Array($0) }
        let content = try schema.content(of: bytes)
        #expect(content.description == shown, sourceLocation: sourceLocation)
        let again = try schema.bytes(of: content)
        #expect(try schema.content(of: again) == content, sourceLocation: sourceLocation)
    }

    @Test func nestedStructsReuseTailPadding() throws {
        try expect(
            Tail(), "{small: {a: int16 @0, on: bool @2} @0, last: uint8 @3, wide: double @8}",
            "{small: {a: 1, on: true}, last: 9, wide: 1.0}")
    }

    @Test func paddingInsideAFieldIsNoReasonToRefuse() throws {
        try expect(
            HolesInside(),
            "{first: int64 @0, holes: {a: uint8 @0, b: uint32 @4} @8, after: int8 @16, v: simd<float, 3> @32}",
            "{first: 0, holes: {a: 1, b: 2}, after: 3, v: [0.0, 0.0, 0.0]}")
    }

    @Test func genericsAndInlineArraysOfStructs() throws {
        try expect(Pair(a: Int8(1), b: UInt64(2)), "{a: int8 @0, b: uint64 @8}", "{a: 1, b: 2}")
        try expect(
            Points(), "{points: array<{a: float @0, b: bool @4}, 3> @0}",
            "{points: [{a: 1.0, b: true}, {a: 1.0, b: true}, {a: 1.0, b: true}]}")
        try expect(Named(), "{name: string<5> @0, id: int64 @8}", "{name: \"ab\", id: 7}")
    }

    @Test func tuples() throws {
        try expect((Int8(1), Int32(2)), "{.0: int8 @0, .1: int32 @4}", "{.0: 1, .1: 2}")
        let schema = try Schema.of(Tuples.self)
        let bytes = unsafe withUnsafeBytes(of: Tuples()) { unsafe Array($0) }
        #expect(try schema.content(of: bytes).json.contains(#"{".0": 1, ".1": 2}"#))
        #expect(try Schema(parsing: schema.description) == schema)
    }

    @Test func enums() throws {
        try expect(
            Enums(),
            "{colour: enum<1>{red = 0 \"10\", green = 1 \"20\", blue = 2 \"30\"} @0, "
                + "word: enum<1>{yes = 0 \"Y\", no = 1 \"N\"} @1}",
            "{colour: \"green\", word: \"no\"}")
    }

    @Test func vectorsOfEverySize() throws {
        try expect(SIMD3<Double>(1, 2, 3), "simd<double, 3>", "[1.0, 2.0, 3.0]")
        try expect(SIMD2<UInt8>(1, 2), "simd<uint8, 2>", "[1, 2]")
        func check<Vector: SIMD & BitwiseCopyable>(_ type: Vector.Type) throws {
            let schema = try Schema.of(type)
            #expect(schema.size == MemoryLayout<Vector>.size && schema.alignment == MemoryLayout<Vector>.alignment)
        }
        try check(SIMD4<Float>.self)
        try check(SIMD4<Double>.self)
        try check(SIMD8<Float16>.self)
        try check(SIMD8<Double>.self)
        try check(SIMD64<Int64>.self)
    }

    /// What a store keeps must be readable to those who open it.
    @Test func whatIsDerivedReadsBackOrIsRefused() throws {
        #expect(refusal { _ = try Schema.of(InlineArray<70000, Bool>.self) }.contains("too many parts"))
        let schema = try Schema.of(InlineArray<70000, UInt8>.self)
        #expect(try Schema(parsing: schema.description) == schema)
        let twice = try Schema.of(Twice.self)
        #expect(twice.description == "enum<1>{a = 0 \"\", b = 1 \"\"}")
        #expect(try Schema(parsing: twice.description) == twice)
    }

    // MARK: Refusals

    private func refusal(
        _ sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
    ) -> String {
        do {
            try body()
            Issue.record("not refused", sourceLocation: sourceLocation)
            return ""
        } catch {
            let error = error as? StoreError
            #expect(error?.code == .unsupportedType, sourceLocation: sourceLocation)
            return error?.message ?? ""
        }
    }

    @Test func whatIsBoundToAProcessIsRefusedByName() {
        #expect(refusal { _ = try Schema.of(WithPointer.self) }.contains("field 'inner.p' of 'WithPointer'"))
        let direct = refusal { _ = try Schema.of(Direct.self) }
        #expect(direct.contains("field 'p' of 'Direct'") && direct.contains("one process's memory"))
        let pointer = refusal { _ = unsafe try Schema.of(UnsafeRawPointer.self) }
        #expect(pointer.contains("UnsafeRawPointer"))
        let optional = refusal { _ = try Schema.of(Optionals.self) }
        #expect(optional.contains("field 'maybe'") && optional.contains("optional"))
        let loose = refusal { _ = try Schema.of(LooseEnum.self) }
        #expect(loose.contains("field 'where_'") && loose.contains("CaseIterable"))
        let inTuple = refusal { _ = try Schema.of((Int, (Int, Loose)).self) }
        #expect(inTuple.contains("field '.1.1'"))
        #expect(refusal { _ = try Schema.of(Payload.self) }.contains("without payloads"))
        #expect(refusal { _ = try Schema.of(Empty.self) }.contains("no bytes"))
        let pointers = refusal { _ = unsafe try Schema.of(InlineArray<2, UnsafeRawPointer>.self) }
        #expect(pointers.contains("'[]'"))
    }

    @Test func aStructThatLiesAboutItsFieldsIsRefused() {
        #expect(refusal { _ = try Schema.of(Liar.self) }.contains("'Liar'"))
        #expect(refusal { _ = try Schema.of(HoldsLiar.self) }.contains("field 'liar'"))
    }

    @Test func typesThatTheCompilerRefusesAreExplained() {
        #expect(refusal { try Schema.explain(WithString()) }.contains("field 'name' of 'WithString'"))
        #expect(refusal { try Schema.explain(WithArray()) }.contains("field 'inner.list' of 'WithArray'"))
        let node = refusal { try Schema.explain(WithClass()) }
        #expect(node.contains("field 'node'") && node.contains("class"))
        #expect(refusal { try Schema.explain(["a": 1]) }.contains("InlineArray"))
        #expect(throws: Never.self) { try Schema.explain(Tail()) }
    }

    // MARK: Validation

    private func check(_ schema: String, _ bytes: [UInt8]) throws {
        let schema = try Schema(parsing: schema)
        try unsafe bytes.withUnsafeBytes { buffer in try unsafe schema.check(buffer) }
    }

    @Test func bitsThatAreNoValueAreFound() throws {
        let type = "{a: int8 @0, on: bool @1, in: {c: enum<1>{x = 0 \"\", y = 2 \"\"} @0, s: string<2> @2} @2}"
        try check(type, [0xFF, 1, 2, 0xFF, 2, 0, 0, 0])
        for (place, value, field) in [(1, 7, "'on'"), (2, 1, "field 'c'"), (4, 3, "field 's'"), (5, 1, "field 's'")] {
            var bytes: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
            bytes[place] = UInt8(value)
            #expect { try check(type, bytes) } throws: {
                ($0 as? StoreError)?.code == .invalidValue && "\($0)".contains(field)
            }
            #expect(throws: StoreError.self) { try Schema(parsing: type).content(of: bytes) }
        }
        #expect(throws: StoreError.self) { try check("array<bool, 3>", [1, 0, 2]) }
        #expect(throws: StoreError.self) { try Schema(parsing: "bool").check(word: 7) }
        #expect(throws: Never.self) { try Schema(parsing: "bool").check(word: 1) }
    }
}

import Cellar
import CellarTestSupport
import Testing

private struct Wide: BitwiseCopyable { var x: Float = 0, y: Float = 0 }
private struct Renamed: BitwiseCopyable { var x: Float = 0, z: Float = 0 }
@safe private struct Pointing: BitwiseCopyable { var id = 1, next: OpaquePointer? }
@safe private struct Holding: BitwiseCopyable { var id = 1, place: UnsafeMutableRawPointer }
private struct WithText { var id = 1, text = "x" }
private final class Node {}
private struct WithClass { var node = Node() }

/// Asking for a cell as something else, or for a type that cannot be shared.
struct MismatchTests {
    private func expectMismatch(_ words: [String], _ body: () throws -> Void, line: SourceLocation = #_sourceLocation) {
        #expect(sourceLocation: line) { try body() } throws: { error in
            (error as? StoreError)?.code == .mismatch && words.allSatisfy { "\(error)".contains($0) }
        }
    }

    @Test(arguments: [false, true]) func bothSidesAreNamed(cold: Bool) throws {
        try withScratchStore { scratch in
            var store = try scratch.open()
            _ = try store.value("number", initial: 0)
            _ = try store.value("point", initial: Wide())
            _ = try store.array("list", of: Int.self, count: 10)
            if cold { store = try scratch.reboot() }
            expectMismatch(["'number'", "int64", "double"]) { _ = try store.value("number", initial: 0.0) }
            expectMismatch(["int64", "uint64"]) { _ = try store.value("number", of: UInt64.self) }
            expectMismatch(["value of type int64", "array of 3 elements of type int64"]) {
                _ = try store.array("number", of: Int.self, count: 3)
            }
            expectMismatch(["array of 10 elements", "array of 11 elements"]) {
                _ = try store.array("list", of: Int.self, count: 11)
            }
            expectMismatch(["array of 10", "a value of type int64"]) { _ = try store.value("list", of: Int.self) }
            expectMismatch(["a persistent value", "a volatile value"]) {
                _ = try store.value("number", initial: 0, persistence: .volatile)
            }
            expectMismatch(["y: float", "z: float"]) { _ = try store.value("point", initial: Renamed()) }
            expectMismatch(["elements of type int64", "elements of type float"]) {
                _ = try store.array("list", of: Float.self)
            }
            // None of it changed anything.
            #expect(try store.value("number", of: Int.self).load() == 0)
            #expect(try store.array("list", of: Int.self).count == 10)
            #expect(try store.cells().count == 3)
        }
    }

    @Test func whatPointsSomewhereIsRefusedByItsField() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            func refusal(_ body: () throws -> Void) -> String {
                do {
                    try body()
                    return "accepted"
                } catch {
                    return (error as? StoreError)?.code == .unsupportedType ? "\(error)" : "another error: \(error)"
                }
            }
            #expect(refusal { _ = try store.value("p", of: Pointing.self) }.contains("field 'next'"))
            #expect(refusal { _ = try store.array("p", of: Holding.self, count: 2) }.contains("field 'place'"))
            #expect(refusal { try Schema.explain(WithText()) }.contains("field 'text'"))
            #expect(refusal { try Schema.explain(WithClass()) }.contains("field 'node'"))
            #expect(try store.cells().isEmpty)
        }
    }
}

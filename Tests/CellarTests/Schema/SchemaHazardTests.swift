import Testing

@testable import Cellar

private final class Node {}
private struct HasUnowned: BitwiseCopyable {
    var x: Int
    unowned(unsafe) var node: Node
}
private struct HasMetatype: BitwiseCopyable { var x: Int, type: Any.Type }
private struct HasThinMetatype: BitwiseCopyable { var x: Int, type: Int.Type }
private struct HasFunction: BitwiseCopyable { var x: Int, call: @convention(c) (Int) -> Int }
private struct HasStaticText: BitwiseCopyable { var x: Int, text: StaticString }
private struct HasScalar: BitwiseCopyable { var x: Int, scalar: Unicode.Scalar }
private struct Large: BitwiseCopyable { var bytes: InlineArray<6_000_000, UInt8>, x: Int }
private struct Listed: CaseIterable, BitwiseCopyable {
    var x: Int8
    static let allCases = [Listed(x: 1)]
}
private enum Described: Int, CaseIterable, CustomStringConvertible {
    case one = 1
    case two
    var description: String { "always the same" }
}
private enum DescribedPlain: CaseIterable, CustomDebugStringConvertible {
    case one, two
    var debugDescription: String { "always the same" }
}
private enum Shuffled: CaseIterable {
    case a, b, c
    static let allCases: [Shuffled] = [.c, .a, .b]
}
private enum Mirrored: CaseIterable, CustomReflectable {
    case a, b
    var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Types whose made-up bytes must not be looked at, and types that describe themselves in other words.
struct SchemaHazardTests {
    private func refusal<Value: BitwiseCopyable>(_ type: Value.Type) -> String {
        let error = #expect(throws: StoreError.self) { _ = try Schema.of(type) }
        #expect(error?.code == .unsupportedType)
        return error?.message ?? ""
    }

    @Test func zeroBytesOfReferencesAndMetatypesAreNotFollowed() {
        #expect(refusal(HasUnowned.self).contains("field 'node' of 'HasUnowned' (a 'Node')"))
        #expect(refusal(HasMetatype.self).contains("field 'type' of 'HasMetatype'"))
        #expect(refusal(HasThinMetatype.self).contains("field 'type' of 'HasThinMetatype'"))
        #expect(refusal(HasFunction.self).contains("field 'call' of 'HasFunction'"))
        #expect(refusal(HasStaticText.self).contains("field 'text' of 'HasStaticText'"))
        #expect(refusal(StaticString.self).contains("one process's memory"))
        #expect(refusal(HasScalar.self).contains("field 'scalar' of 'HasScalar'"))
    }

    @Test func samplesDoNotOverflowTheStack() {
        #expect(refusal(Large.self).contains("too many for one value"))
    }

    @Test func aStructThatIsCaseIterableIsAStruct() throws {
        #expect(try Schema.of(Listed.self).description == "{x: int8 @0}")
    }

    @Test func anEnumsOwnDescriptionIsNoName() throws {
        #expect(try Schema.of(Described.self).description == #"enum<1>{1 = 0 "1", 2 = 1 "2"}"#)
        #expect(try Schema.of(DescribedPlain.self).description == #"enum<1>{case0 = 0 "", case1 = 1 ""}"#)
        #expect(refusal(Mirrored.self).contains("CustomReflectable"))
    }

    @Test func theOrderOfTheListOfCasesDoesNotMatter() throws {
        #expect(try Schema.of(Shuffled.self).description == #"enum<1>{a = 0 "", b = 1 "", c = 2 ""}"#)
    }

    @Test func allBitsOfAnEnumAreRead() throws {
        let text = #"enum<8>{a = 18446744073709551615 ""}"#
        #expect(try Schema(parsing: text).description == text)
    }
}

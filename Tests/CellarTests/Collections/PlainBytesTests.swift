import CellarFoundation
import CellarTestSupport
import FoundationEssentials
import Testing

@testable import Cellar

/// UUIDs and dates in dictionaries, and UUIDs in cells.
struct PlainBytesTests {
    private struct Ticket: BitwiseCopyable {
        var id = InlineUUID()
        var seats: Int32 = 0
    }

    private static let text = "550e8400-e29b-41d4-a716-446655440000"

    @Test func keysAndValuesOfFoundation() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let seen = try store.dictionary("seen", keys: UUID.self, values: Date.self)
            let ids = (0..<100).map { _ in UUID() }
            for (number, id) in ids.enumerated() {
                try seen.set(Date(timeIntervalSinceReferenceDate: Double(number) + 0.25), for: id)
            }
            #expect(try seen[ids[7]] == Date(timeIntervalSinceReferenceDate: 7.25))
            #expect(try seen[UUID()] == nil)
            #expect(try Set(seen.keys()) == Set(ids))
            try seen.update(ids[7]) { $0 = $0?.addingTimeInterval(1) }
            let same = try store.dictionary("seen", keys: InlineUUID.self, values: Double.self)
            #expect(try same[InlineUUID(ids[7])] == 8.25, "the same in plain types")
            #expect(codeThrown { _ = try store.dictionary("seen", keys: UUID.self, values: Int.self) } == .mismatch)
            #expect(try store.dictionary("names", keys: UUID.self, values: String.self).count == 0)
            #expect(try store.dictionary("numbers", keys: UUID.self, values: Int.self).count == 0)
            #expect(try store.dictionary("ids", keys: String.self, values: UUID.self).count == 0)
            #expect(try store.dictionary("by number", keys: Int.self, values: UUID.self).count == 0)
            let again = try scratch.reboot().dictionary("seen", keys: UUID.self, values: Date.self)
            #expect(try again[ids[7]] == Date(timeIntervalSinceReferenceDate: 8.25))
            #expect(try again.count == 100)
        }
    }

    /// People write and read UUIDs as they are used to; they sort as their texts do.
    @Test func withoutTheirTypes() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let id = try #require(UUID(uuidString: Self.text))
            try store.dictionary("d", keys: UUID.self, values: UUID.self).set(id, for: id)
            let untyped = try store.untypedDictionary("d")
            #expect(try untyped.value(for: Self.text.uppercased())?.description == Self.text)
            try untyped.set("00000000-0000-0000-0000-000000000001", for: "ffffffff-0000-0000-0000-000000000000")
            try untyped.set(Self.text, for: "00000000-0000-0000-0000-000000000000")
            var keys: [String] = []
            try untyped.forEach(in: UntypedTable.Range(from: "10000000-0000-0000-0000-000000000000")) {
                keys.append($0.key.json)
                return true
            }
            #expect(keys == ["\"\(Self.text)\"", "\"ffffffff-0000-0000-0000-000000000000\""])
            for text in ["", "550e8400e29b41d4a716446655440000", Self.text + "0", "+5" + Self.text.dropFirst(2), "é"] {
                #expect(codeThrown { _ = try untyped.value(for: text) } == .invalidValue, "\(text)")
                #expect(InlineUUID(text) == nil)
            }
            let made = try store.createDictionary("made", key: EntryType(parsing: "uuid"), value: .text)
            try made.set("x", for: Self.text)
            #expect(try store.dictionary("made", keys: UUID.self, values: String.self)[id] == "x")
        }
    }

    @Test func inCells() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let id = UUID()
            let ticket = try store.value("ticket", initial: Ticket(id: InlineUUID(id), seats: 2))
            #expect(try UUID(ticket.load().id) == id)
            let cell = try store.cell("ticket")
            #expect(cell.info.schema.description == "{id: uuid @0, seats: int32 @16}")
            #expect(try Schema(parsing: cell.info.schema.description) == cell.info.schema)
            let shown = try cell.info.schema.content(of: cell.bytes(at: 0))
            #expect(shown.description == "{id: \"\(id.uuidString.lowercased())\", seats: 2}")
            let typed = try CellContent(parsing: "{id: \(Self.text), seats: 5}", as: cell.info.schema)
            try cell.setBytes(cell.info.schema.bytes(of: typed))
            #expect(try ticket.load().id.description == Self.text)
            let table = try store.table("t", keys: UUID.self, values: InlineUUID.self)
            try table.set(InlineUUID(id), for: id)
            #expect(try store.untypedTable("t").values(for: "\(id)").map(\.description) == [id.uuidString.lowercased()])
        }
    }

    /// A type that says it lies in memory as another and does not is refused.
    @Test func whatIsNotAsItSays() throws {
        struct Turned: PlainBytes, ~BitwiseCopyable {
            var bits: UInt64
            init(plain: UInt64) { bits = plain.byteSwapped }
        }
        struct Larger: PlainBytes, ~BitwiseCopyable {
            var bits: (UInt64, UInt64)
            init(plain: UInt64) { bits = (plain, 0) }
        }
        struct Held: PlainBytes {
            var text: String
            init(plain: SIMD2<UInt64>) { text = "" }
        }
        struct Truth: PlainBytes, ~BitwiseCopyable {
            var value: Bool
            init(plain: Bool) { value = plain }
        }
        try withScratchStore { scratch in
            let store = try scratch.open()
            let codes = [
                codeThrown { _ = try store.dictionary("d", keys: Int.self, values: Turned.self) },
                codeThrown { _ = try store.dictionary("d", keys: Larger.self, values: Int.self) },
                codeThrown { _ = try store.dictionary("d", keys: String.self, values: Held.self) },
                codeThrown { _ = try store.dictionary("d", keys: Truth.self, values: String.self) },
            ]
            #expect(codes.allSatisfy { $0 == .unsupportedType })
            #expect(try store.cells().isEmpty)
        }
    }
}

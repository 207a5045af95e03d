import CellarTestSupport
import Testing

@testable import Cellar

struct ListTests {
    @Test func changesOfAllKinds() throws {
        try withScratchStore { scratch in
            let list = try scratch.open().list("names", of: InlineString<16>.self, capacity: 4)
            #expect(try list.isEmpty)
            #expect(try list.first == nil)
            #expect(try list.last == nil)
            #expect(try list.removeLast() == nil)
            try list.append("a")
            try list.append(contentsOf: ["c", "d"])
            try list.insert("b", at: 1)
            #expect(try list.elements() == ["a", "b", "c", "d"])
            #expect(codeThrown { try list.append("e") } == .limitReached)
            #expect(codeThrown { try list.insert("e", at: 0) } == .limitReached)
            #expect(try list.first == "a")
            #expect(try list.last == "d")
            #expect(try list[2] == "c")
            #expect(try list.count == 4)
            #expect(codeThrown { _ = try list[4] } == .invalidValue)
            #expect(codeThrown { _ = try list[-1] } == .invalidValue)
            #expect(codeThrown { try list.set("x", at: 4) } == .invalidValue)
            try list.set("x", at: 3)
            #expect(try list.remove(at: 0) == "a")
            #expect(try list.removeLast() == "x")
            #expect(try list.firstIndex { $0 == "c" } == 1)
            #expect(codeThrown { try list.insert("e", at: 3) } == .invalidValue)
            try list.insert("e", at: 2)
            var seen: [InlineString<16>] = []
            try list.forEach { seen.append($0) }
            #expect(seen == ["b", "c", "e"])
            #expect(codeThrown { try list.append(contentsOf: ["1", "2"]) } == .limitReached)
            try list.removeAll()
            #expect(try list.count == 0)
        }
    }

    /// Against an array of Swift's, with elements that are written whole and such that are not, over more than one chunk.
    @Test func asAnArrayDoesAndAfterARestart() throws {
        try withScratchStore { scratch in
            var random = SeededRandom(for: "list")
            var list = try scratch.open().list("list", of: Triple.self, capacity: 3_000)
            var model: [Triple] = (0..<2_800).map { Triple($0) }
            try list.append(contentsOf: model)
            for step in 0..<1_500 {
                let new = Triple(10_000 + step)
                let index = Int(random.next() % UInt64(model.count + 1))
                switch random.next() % 8 {
                case 0 where model.count < 3_000:
                    try list.insert(new, at: index)
                    model.insert(new, at: index)
                case 1 where index < model.count: #expect(try list.remove(at: index) == model.remove(at: index))
                case 2 where index < model.count:
                    try list.set(new, at: index)
                    model[index] = new
                case 3: #expect(try list.removeLast() == model.popLast())
                case 4 where step % 300 == 0: list = try scratch.reboot().list("list", of: Triple.self)
                case 5 where index < model.count: #expect(try list[index] == model[index])
                default:
                    if model.count < 3_000 {
                        try list.append(new)
                        model.append(new)
                    }
                }
                #expect(try list.count == model.count)
            }
            #expect(try list.elements() == model)
            list = try scratch.reboot().list("list", of: Triple.self)
            #expect(try list.elements() == model)
        }
    }

    /// Reading a long list ends, however often another changes it meanwhile.
    @Test func readingEndsWhileAnotherSets() throws {
        try withScratchStore { scratch in
            let list = try scratch.open().list("list", of: Triple.self, capacity: 100_000, persistence: .volatile)
            try list.append(contentsOf: (0..<100_000).map { Triple($0) })
            let setter = background {
                var step = 0
                while try list.count > 0 {
                    do { try list.set(Triple(step), at: step % 100) } catch {
                        // Emptied in between.
                        guard try list.count == 0 else { throw error }
                    }
                    step += 1
                }
            }
            for _ in 0..<5 { #expect(try list.elements().count == 100_000) }
            try list.removeAll()
            try runTask { try await setter.value }
        }
    }

    /// While others append, remove and insert, whoever reads has whole elements, and lists that were there.
    @Test func readersSeeListsThatWere() throws {
        try withScratchStore { scratch in
            let list = try scratch.open().list("list", of: Triple.self, capacity: 64)
            // Always n, n + 1, … in order.
            try list.append(contentsOf: (0..<32).map { Triple($0) })
            let writer = background {
                for step in 0..<20_000 {
                    switch step % 4 {
                    case 0: try list.append(Triple(try list.last!.first + 1))
                    case 1: try list.remove(at: 0)
                    case 2: try list.insert(Triple(try list.first!.first - 1), at: 0)
                    default: try list.removeLast()
                    }
                }
            }
            for _ in 0..<5_000 {
                let seen = try list.elements()
                try #require((31...33).contains(seen.count))
                try #require(seen.enumerated().allSatisfy { $1 == Triple(seen[0].first + $0) })
                try #require(try list[30].isWhole)
                try #require(try list.last!.isWhole)
            }
            try runTask { try await writer.value }
        }
    }

    @Test func whatItIsAndWhatItIsNot() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let list = try store.list("flags", of: Bool.self, capacity: 10)
            #expect(codeThrown { _ = try store.list("flags", of: UInt8.self, capacity: 10) } == .mismatch)
            #expect(codeThrown { _ = try store.list("flags", of: Bool.self, capacity: 11) } == .mismatch)
            #expect(
                codeThrown { _ = try store.list("flags", of: Bool.self, capacity: 10, persistence: .volatile) }
                    == .mismatch)
            #expect(codeThrown { _ = try store.list("none", of: Bool.self) } == .noSuchCell)
            #expect(codeThrown { _ = try store.list("x", of: Bool.self, capacity: 1 << 50) } == .memoryFull)
            try list.append(contentsOf: [true, false])
            let looking = try scratch.openReadOnly().list("flags", of: Bool.self)
            #expect(try looking.elements() == [true, false])
            #expect(codeThrown { try looking.append(true) } == .readOnly)
            #expect(try store.untypedList("flags").elements().map(\.description) == ["true", "false"])
            // A byte that is no Bool, and a count that cannot be.
            unsafe list.core.memory.cell.payload.storeBytes(of: 7, toByteOffset: 64, as: UInt8.self)
            #expect(codeThrown { _ = try list[0] } == .invalidValue)
            #expect(codeThrown { _ = try list.elements() } == .invalidValue)
            for count: UInt64 in [11, 1 << 40, .max] {
                unsafe list.core.memory.cell.payload.storeBytes(of: count, as: UInt64.self)
                #expect(codeThrown { _ = try list.count } == .corruptSegment)
                #expect(codeThrown { _ = try list.elements() } == .corruptSegment)
                #expect(codeThrown { try list.append(true) } == .corruptSegment)
                #expect(codeThrown { _ = try list.removeLast() } == .corruptSegment)
            }
            try store.remove("flags")
            #expect(codeThrown { try list.removeAll() } == .removed)
        }
    }
}

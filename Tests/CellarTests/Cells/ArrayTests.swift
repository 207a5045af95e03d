import Cellar
import CellarTestSupport
import Testing

private struct Colour: BitwiseCopyable, Equatable { var red: UInt8 = 0, green: UInt8 = 0, blue: UInt8 = 0 }
private struct Sample: BitwiseCopyable, Equatable { var time: Double = 0, level: Float = 0, on = false }
private struct Stop: Error {}

/// Array cells: elements, ranges, locks, atomic updates.
struct ArrayTests {
    @Test func elementsOfEveryScalar() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            func integers<Number: CellScalar & FixedWidthInteger>(_ type: Number.Type) throws {
                let cells = try store.array("\(type)", of: type, count: 9)
                #expect(try cells.values() == [Number](repeating: 0, count: 9))
                cells[4] = .max
                #expect(cells.add(1, at: 4) == .max)
                #expect(cells[4] == .min)
                #expect(cells.subtract(1, at: 4) == .min)
                #expect(cells.exchange(0b1100, at: 4) == .max)
                #expect(cells.and(0b0110, at: 4) == 0b1100)
                #expect(cells.or(1, at: 4) == 0b0100)
                #expect(cells.xor(0b0111, at: 4) == 0b0101)
                #expect(cells.max(9, at: 4) == 2)
                #expect(cells.min(3, at: 4) == 9)
                #expect(cells.compareExchange(at: 4, expected: 3, desired: .min) == (true, 3))
                #expect(cells.compareExchange(at: 4, expected: 3, desired: .min) == (false, .min))
                // The neighbours were never touched.
                #expect(cells[3] == 0 && cells[5] == 0)
            }
            try integers(Int8.self)
            try integers(UInt8.self)
            try integers(Int16.self)
            try integers(UInt16.self)
            try integers(Int32.self)
            try integers(UInt32.self)
            try integers(Int.self)
            try integers(UInt64.self)
            let floats = try store.array("floats", of: Float.self, count: 3)
            floats[1] = 0.5
            #expect(floats.add(1.5, at: 1) == 0.5)
            #expect(floats.subtract(3, at: 1) == 2)
            #expect(floats.max(-2, at: 1) == -1)
            #expect(floats[0..<3] == [0, -1, 0])
            let flags = try store.array("flags", of: Bool.self, count: 3)
            flags[2] = true
            #expect(try flags.values() == [false, false, true])
        }
    }

    @Test func elementsOfAnOddSize() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let colours = try store.array("colours", of: Colour.self, count: 50_000)
            #expect(MemoryLayout<Colour>.stride == 3)
            for index in stride(from: 0, to: 50_000, by: 997) {
                try colours.store(Colour(red: UInt8(index % 251), green: 2, blue: 3), at: index)
            }
            for index in stride(from: 0, to: 50_000, by: 997) {
                #expect(try colours.load(at: index) == Colour(red: UInt8(index % 251), green: 2, blue: 3))
            }
            #expect(try colours.load(at: 1) == Colour())
            // A range that begins and ends inside of words.
            let range = 996..<999
            #expect(try colours.values(in: range) == [Colour(), Colour(red: 244, green: 2, blue: 3), Colour()])
            #expect(try colours.values(in: 5..<5) == [])
            try colours.withLock(21_844..<21_850) { span in
                for index in span.indices { span[index] = Colour(red: 9, green: 9, blue: UInt8(index)) }
            }
            // Across the border of two chunks.
            #expect(try colours.values(in: 21_843..<21_851).map(\.blue) == [0, 0, 1, 2, 3, 4, 5, 0])
            let again = try scratch.reboot().array("colours", of: Colour.self)
            #expect(try again.values(in: 21_843..<21_851).map(\.blue) == [0, 0, 1, 2, 3, 4, 5, 0])
            #expect(try again.load(at: 49_850) == Colour(red: UInt8(49_850 % 251), green: 2, blue: 3))
        }
    }

    @Test func largeElementsAreStoredWhole() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let samples = try store.array("samples", of: Sample.self, count: 10_000)
            for index in stride(from: 0, to: 10_000, by: 101) {
                try samples.store(Sample(time: Double(index), level: 1, on: true), at: index)
            }
            #expect(try samples.load(at: 9_999) == Sample(time: 9_999, level: 1, on: true))
            #expect(try samples.load(at: 9_998) == Sample())
            let again = try scratch.reboot().array("samples", of: Sample.self)
            #expect(try again.load(at: 9_999) == Sample(time: 9_999, level: 1, on: true))
            #expect(try again.load(at: 101) == Sample(time: 101, level: 1, on: true))
            #expect(again.count == 10_000)
        }
    }

    @Test func bulkCopiesInAndOut() throws {
        try withScratchStore { scratch in
            let cells = try scratch.open().array("cells", of: Int32.self, count: 1000)
            try cells.write((0..<500).map(Int32.init), at: 250)
            #expect(try cells.values(in: 249..<252) == [0, 0, 1])
            #expect(try cells.values(in: 748..<751) == [498, 499, 0])
            try cells.fill(-1, in: 300..<700)
            #expect(cells[299] == 49 && cells[300] == -1 && cells[699] == -1 && cells[700] == 450)
            try cells.fill(4)
            #expect(try cells.values() == [Int32](repeating: 4, count: 1000))
            #expect(try cells.withLock { span in span.count } == 1000)
        }
    }

    @Test func anAtomicUpdateIsAllOrNothing() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let cells = try store.array("cells", of: Int.self, count: 30_000)
            try cells.update { span in
                for index in span.indices { span[index] = index }
                // Readers see the old elements as long as the body runs.
                #expect(cells[29_999] == 0)
            }
            #expect(cells[29_999] == 29_999)
            #expect(throws: Stop.self) {
                try cells.update { span in
                    span.update(repeating: -1)
                    throw Stop()
                }
            }
            #expect(try cells.values() == Array(0..<30_000))
            try cells.update(atomically: 100..<200) { span in
                #expect(span[0] == 100 && span.count == 100)
                span.update(repeating: 0)
            }
            #expect(try cells.values(in: 99..<101) == [99, 0])
            #expect(try cells.values(in: 199..<201) == [0, 200])
            #expect(try scratch.reboot().array("cells", of: Int.self).values(in: 198..<202) == [0, 0, 200, 201])
        }
    }

    @Test func aBulkWriteThatThrowsLeavesWhatItWroteAndTheLockFree() throws {
        try withScratchStore { scratch in
            let cells = try scratch.open().array("cells", of: Int.self, count: 10)
            #expect(throws: Stop.self) {
                try cells.withLock(2..<5) { span in
                    span[0] = 1
                    throw Stop()
                }
            }
            #expect(try cells.values(in: 0..<4) == [0, 0, 1, 0])
            try cells.withLock(timeout: .zero) { $0[0] = 5 }
            #expect(cells[0] == 5)
        }
    }
}

import Cellar
import CellarTestSupport
import Testing

/// What cells cost, and how many there can be.
struct SizeTests {
    @Test func aHundredThousandNumbers() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let before = try #require(try store.statistics().segment).used
            let count = 100_000
            for index in 0..<count { _ = try store.value(name(index), initial: index) }
            #expect(name(0).utf8.count == 16)
            let segment = try #require(try store.statistics().segment)
            let each = Double(segment.used - before) / Double(count)
            print("an Int cell with a name of 16 bytes takes \(each) bytes of the segment at \(count) cells")
            #expect(each <= 192)
            #expect(segment.cells == count)
            for index in stride(from: 0, to: count, by: 1009) {
                #expect(try store.value(name(index), of: Int.self).load() == index)
            }
            try store.sync()
            let cold = try scratch.reboot()
            #expect(try cold.statistics().cellsOnDisk == count)
            for index in stride(from: 0, to: count, by: 1013) {
                #expect(try cold.value(name(index), of: Int.self).load() == index)
            }
            #expect(try cold.statistics().segment?.cells == 99, "only what was asked for is in memory")
        }
    }

    private func name(_ index: Int) -> String {
        let digits = String(index)
        return "sensor/" + String(repeating: "0", count: 9 - digits.count) + digits
    }

    /// Memory of removed cells is used again when everyone who could look at them has gone.
    @Test func removedCellsDoNotPileUp() throws {
        try withScratchStore { scratch in
            var sizes: [Int] = []
            for _ in 0..<6 {
                let store = try scratch.open()
                for index in 0..<500 { _ = try store.array("cell \(index)", of: Int.self, count: 100 + index) }
                try store.sync()
                for index in 0..<500 { try store.remove("cell \(index)") }
                try store.sync()
                sizes.append(try #require(try store.statistics().segment).used)
                #expect(try store.statistics().cellsOnDisk == 0)
                scratch.closeAll()
            }
            #expect(sizes[5] < sizes[0] * 2, "\(sizes)")
        }
    }

    @Test func whatFitsInNoSegment() throws {
        try withScratchStore { scratch in
            let store = try scratch.open { $0.addressReserve = 64 << 20 }
            for count in [1 << 24, 1 << 44, Int.max / 8, Int.max] {
                do throws(StoreError) {
                    _ = try store.array("huge", of: Int.self, count: count)
                    Issue.record("\(count) elements were accepted")
                } catch {
                    #expect(error.code == .memoryFull, "\(error)")
                }
            }
            #expect(try store.cells().isEmpty)
            _ = try store.array("huge", of: Int.self, count: 1 << 20)
        }
    }
}

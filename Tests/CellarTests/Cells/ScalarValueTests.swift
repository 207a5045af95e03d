import Cellar
import CellarTestSupport
import Testing

/// Every operation of a value cell of a number or truth value.
struct ScalarValueTests {
    @Test func integersOfEveryWidthWrapAround() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            try integer(Int8.self, store)
            try integer(Int16.self, store)
            try integer(Int32.self, store)
            try integer(Int64.self, store)
            try integer(Int.self, store)
            try integer(UInt8.self, store)
            try integer(UInt16.self, store)
            try integer(UInt32.self, store)
            try integer(UInt64.self, store)
            try integer(UInt.self, store)
        }
    }

    private func integer<Number: CellScalar & FixedWidthInteger>(_ type: Number.Type, _ store: Store) throws {
        let cell = try store.value("\(type)", initial: Number.max)
        #expect(cell.load() == .max)
        #expect(cell.add(1) == .max)
        #expect(cell.load() == .min)
        #expect(cell.subtract(1) == .min)
        #expect(cell.load() == .max)
        for _ in 0..<300 { cell.add(Number.max) }
        #expect(cell.load() == Number.max &+ Number(truncatingIfNeeded: 300) &* Number.max)
        // What ran over into the word's other bytes must not be compared.
        cell.store(.max)
        cell.add(1)
        #expect(cell.compareExchange(expected: .min, desired: 5) == (true, .min))
        #expect(cell.compareExchange(expected: 4, desired: 6) == (false, 5))
        #expect(cell.exchange(0b1100) == 5)
        #expect(cell.and(0b0110) == 0b1100)
        #expect(cell.or(0b0001) == 0b0100)
        #expect(cell.xor(0b0111) == 0b0101)
        #expect(cell.load() == 0b0010)
        #expect(cell.min(7) == 2)
        #expect(cell.max(9) == 2)
        #expect(cell.max(3) == 9)
        #expect(cell.min(.min) == 9)
        #expect(cell.load() == .min)
        cell.store(0)
        #expect(cell.xor(.max) == 0)
        #expect(cell.load() == .max)
        try cell.withLock { $0 = 17 }
        #expect(cell.load() == 17)
        #expect(try store.value("\(type)", of: Number.self).load() == 17)
    }

    @Test func floatingPoint() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            try floating(Float.self, store)
            try floating(Double.self, store)
            let nan = try store.value("nan", initial: Double.nan)
            #expect(nan.load().isNaN)
            #expect(nan.compareExchange(expected: .nan, desired: 1).exchanged, "a NaN's bits are its own")
            let zero = try store.value("zero", initial: 0.0)
            #expect(!zero.compareExchange(expected: -0.0, desired: 1).exchanged)
            zero.store(-0.0)
            #expect(zero.load().sign == .minus)
        }
    }

    private func floating<Number: CellScalar & BinaryFloatingPoint>(_ type: Number.Type, _ store: Store) throws {
        let cell = try store.value("\(type)", initial: Number(0.5))
        #expect(cell.add(1.25) == 0.5)
        #expect(cell.subtract(0.25) == 1.75)
        #expect(cell.load() == 1.5)
        #expect(cell.exchange(-.infinity) == 1.5)
        #expect(cell.max(3) == -.infinity)
        #expect(cell.min(2.5) == 3)
        #expect(cell.compareExchange(expected: 2.5, desired: 8) == (true, 2.5))
        #expect(cell.compareExchange(expected: 2.5, desired: 9) == (false, 8))
    }

    @Test func truthValues() throws {
        try withScratchStore { scratch in
            let cell = try scratch.open().value("flag", initial: false)
            #expect(cell.or(true) == false)
            #expect(cell.and(true) == true)
            #expect(cell.xor(true) == true)
            #expect(cell.load() == false)
            #expect(cell.exchange(true) == false)
            #expect(cell.compareExchange(expected: true, desired: false) == (true, true))
            #expect(cell.compareExchange(expected: true, desired: false) == (false, false))
        }
    }

    /// Small and odd scalars that have no operators of their own go the way of any plain type.
    @Test func otherScalars() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let half = try store.value("half", initial: Float16(1.5))
            try half.store(2.5)
            #expect(try half.load() == 2.5)
            let wide = try store.value("wide", initial: Int128.max)
            try wide.withLock { $0 -= 1 }
            #expect(try wide.load() == .max - 1)
            #expect(try wide.compareExchange(expected: .max - 1, desired: .min).exchanged)
            #expect(try wide.load() == .min)
        }
    }
}

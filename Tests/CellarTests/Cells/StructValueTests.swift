import Cellar
import CellarTestSupport
import Testing

private enum Mood: UInt8, CaseIterable, BitwiseCopyable {
    case calm = 1
    case angry = 2
    case asleep = 9
}
private struct Point: BitwiseCopyable, Equatable { var x: Float = 0, y: Float = 0 }
private struct Odd: BitwiseCopyable, Equatable { var a: UInt8 = 1, b: Int16 = 2, on = true }
private struct Robot: BitwiseCopyable, Equatable {
    var name: InlineString<20> = "none"
    var mood = Mood.calm
    var at = Point()
    var speed = SIMD3<Double>()
    var odd = Odd()
    static func == (left: Robot, right: Robot) -> Bool {
        left.name == right.name && left.mood == right.mood && left.at == right.at && left.speed == right.speed
            && left.odd == right.odd
    }
}
private struct Huge: BitwiseCopyable { var words = InlineArray<10_000, UInt64>(repeating: 0) }
private struct Gone: Error {}

/// Value cells of structs, vectors, inline arrays and strings, enums.
struct StructValueTests {
    @Test func plainTypesOfAllSorts() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let vector = try store.value("vector", initial: SIMD4<Float>(1, 2, 3, 4))
            try vector.withLock { $0 *= 2 }
            #expect(try vector.load() == SIMD4(2, 4, 6, 8))
            let small = try store.value("small", initial: SIMD2<Int8>(1, -1))
            #expect(try small.exchange(SIMD2(5, 6)) == SIMD2(1, -1))
            let inline = try store.value("inline", initial: InlineArray<5, Int32>(repeating: 3))
            try inline.withLock { $0[4] = -7 }
            #expect(try inline.load()[4] == -7)
            #expect(try inline.load()[0] == 3)
            let text = try store.value("text", initial: InlineString<64>("grüße"))
            try text.store("größer")
            #expect(try text.load().string == "größer")
            let short = try store.value("short", initial: InlineString<4>("ab"))
            #expect(try short.compareExchange(expected: "ab", desired: "cd").exchanged)
            #expect(try !short.compareExchange(expected: "ab", desired: "ef").exchanged)
            #expect(try short.load() == "cd")
            let mood = try store.value("mood", initial: Mood.angry)
            #expect(try mood.exchange(.asleep) == .angry)
            #expect(try mood.load() == .asleep)
            let pair = try store.value("pair", initial: (Int8(1), 2.5))
            try pair.withLock { $0.1 += 1 }
            #expect(try pair.load() == (1, 3.5))
        }
    }

    @Test func nestedStructs() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let robot = try store.value("robot", initial: Robot())
            var value = Robot(name: "marvin", mood: .asleep, at: Point(x: 1, y: -1), speed: SIMD3(1, 2, 3))
            try robot.store(value)
            #expect(try robot.load() == value)
            try robot.withLock { $0.odd.b = 77 }
            value.odd.b = 77
            #expect(try robot.load() == value)
            #expect(try robot.exchange(Robot()) == value)
            let (exchanged, original) = try robot.compareExchange(expected: value, desired: value)
            #expect(!exchanged && original == Robot())
            let point = try store.value("point", initial: Point(x: 1, y: 2))
            #expect(try point.compareExchange(expected: Point(x: 1, y: 2), desired: Point(x: 3, y: 4)).exchanged)
            #expect(try point.load() == Point(x: 3, y: 4))
            // Padding plays no part in what is equal.
            let odd = try store.value("odd", initial: Odd())
            #expect(try odd.compareExchange(expected: Odd(), desired: Odd(a: 9, b: 8, on: false)).exchanged)
            #expect(try odd.load() == Odd(a: 9, b: 8, on: false))
            let again = try scratch.reboot()
            #expect(try again.value("point", of: Point.self).load() == Point(x: 3, y: 4))
            #expect(try again.value("robot", of: Robot.self).load() == Robot())
            #expect(try again.value("odd", of: Odd.self).load() == Odd(a: 9, b: 8, on: false))
        }
    }

    @Test func aVeryLargeValue() throws {
        try withScratchStore { scratch in
            let huge = try scratch.open().value("huge", initial: Huge())
            try huge.withLock { $0.words[9_999] = 7 }
            #expect(try huge.load().words[9_999] == 7)
            let again = try scratch.reboot().value("huge", of: Huge.self)
            #expect(try again.load().words[9_999] == 7)
            #expect(try again.load().words[0] == 0)
        }
    }

    @Test func aBodyThatThrowsKeepsTheOldValue() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let robot = try store.value("robot", initial: Robot())
            let number = try store.value("number", initial: 1)
            #expect(throws: Gone.self) {
                try robot.withLock { value in
                    value.name = "changed"
                    throw Gone()
                }
            }
            #expect(throws: Gone.self) {
                try number.withLock { value in
                    value = 2
                    throw Gone()
                }
            }
            #expect(try robot.load() == Robot())
            #expect(number.load() == 1)
            // The locks are free again.
            try robot.withLock(timeout: .zero) { $0.mood = .angry }
            try number.withLock(timeout: .zero) { $0 += 1 }
            #expect(try robot.load().mood == .angry)
            #expect(number.load() == 2)
        }
    }

    @Test func aLockIsNotRecursiveAndSaysWhoHoldsIt() throws {
        try withScratchStore { scratch in
            let store = try scratch.open { $0.processName = "the tester" }
            let robot = try store.value("robot", initial: Robot())
            try robot.withLock { _ in
                let message = refusal(robot)
                #expect(message.contains("the tester") && message.contains("'robot'"))
            }
            #expect(try robot.load().mood == .calm)
        }
    }

    /// What an attempt to lock the value at once says.
    private func refusal(_ robot: SharedValue<Robot>) -> String {
        do {
            try robot.withLock(timeout: .milliseconds(20)) { $0.mood = .angry }
            return "not refused"
        } catch {
            return (error as? StoreError)?.code == .timedOut ? "\(error)" : "another error: \(error)"
        }
    }
}

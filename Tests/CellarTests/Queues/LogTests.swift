import CellarTestSupport
import Testing

@testable import Cellar

/// Logs: entries that stay, and groups that read them.
struct LogTests {
    @Test func theLastEntriesAreKept() throws {
        try withScratchStore { scratch in
            let log = try scratch.open().log("events", of: Int.self, options: LogOptions(capacity: 10))
            #expect(try log.entries().isEmpty)
            #expect(try log.append(7) == 0)
            #expect(try log.append(contentsOf: 1...4) == 1)
            #expect(try log.entries().map(\.element) == [7, 1, 2, 3, 4])
            try log.append(contentsOf: 5...20)
            #expect(log.offsets == 11..<21)
            #expect(try log.entries().map(\.element) == Array(11...20))
            #expect(try log.entries(from: 15, upTo: 3).map(\.offset) == [15, 16, 17])
            // What has been dropped is passed over.
            #expect(try log.entries(from: 3, upTo: 2).map(\.offset) == [11, 12])
            #expect(try log.entries(from: 99).isEmpty)
        }
    }

    @Test func noMoreThanItWasToldToKeep() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let small = try store.log("small", of: String.self, options: LogOptions(retainedByteCount: 10))
            for text in ["four", "five5", "six"] { try small.append(text) }
            #expect(try small.entries().map(\.element) == ["five5", "six"])
            try small.append("more than ten, and the newest")
            #expect(try small.entries().count == 1)
            #expect(storeError { try small.append(String(repeating: "x", count: 257)) }?.code == .invalidValue)

            let young = try store.log("young", of: Int.self, options: LogOptions(maximumAge: .milliseconds(20)))
            try young.append(contentsOf: 1...3)
            let last = try #require(try young.entries().last)
            while MonotonicClock.coarseWallMilliseconds() <= last.time + 20 {}
            try young.append(4)
            #expect(try young.entries().map(\.element) == [4])
        }
    }

    @Test func fromATimeOn() throws {
        try withScratchStore { scratch in
            let log = try scratch.open().log("events", of: Int.self)
            try log.append(contentsOf: 0..<5)
            let time = try #require(try log.entries().last).time
            while MonotonicClock.coarseWallMilliseconds() <= time {}
            try log.append(5)
            #expect(log.offset(at: time + 1) == 5)
            #expect(log.offset(at: 0) == 0)
            #expect(log.offset(at: .max) == 6)
        }
    }

    @Test func groupsHavePlacesOfTheirOwn() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let log = try store.log("events", of: Int.self, options: LogOptions(capacity: 8))
            try log.append(contentsOf: 0..<6)
            let first = try log.group("first")
            let late = try log.group("late", from: 4)
            #expect(try first.take(upTo: 2).map(\.element) == [0, 1])
            #expect(try first.next(upTo: 2).map(\.element) == [2, 3])
            #expect(first.position == 2 && late.position == 4 && first.lag == 4)
            try first.commit(through: 2)
            // Never back.
            try first.commit(through: 0)
            #expect(first.position == 3)
            #expect(try late.take(upTo: 9).map(\.element) == [4, 5])
            #expect(codeThrown { _ = try late.take(timeout: .milliseconds(1)) } == .timedOut)
            try first.seek(to: 0)
            try log.append(contentsOf: 6..<12)
            #expect(first.lag == 8)
            #expect(try first.take().map(\.element) == [4])
            #expect(try log.groups().map(\.name) == ["first", "late"])
            #expect(codeThrown { _ = try log.group(String(repeating: "x", count: 49)) } == .invalidName)
            for number in 2..<64 { _ = try log.group("\(number)") }
            #expect(codeThrown { _ = try log.group("one more") } == .limitReached)
            #expect(try log.group("late").position == 6)
        }
    }

    @Test func allOfItIsBack() throws {
        try withScratchStore { scratch in
            let log = try scratch.open().log("events", of: String.self, options: LogOptions(capacity: 3000))
            try log.append(contentsOf: (0..<4000).map { "entry \($0)" })
            try log.group("readers").commit(through: 1500, sync: true)
            let again = try scratch.reboot().log("events", of: String.self)
            #expect(again.offsets == 1000..<4000)
            #expect(try again.entries(from: 1400, upTo: 1).map(\.element) == ["entry 1400"])
            #expect(try again.group("readers").take().map(\.offset) == [1501])
            #expect(try again.append("next") == 4000)
        }
    }

    @Test func whoWaitsIsWoken() throws {
        try withScratchStore { scratch in
            try runTask {
                let log = try scratch.open().log("events", of: Int.self)
                let (slow, quick) = (try log.group("slow"), try log.group("quick"))
                let sums = [slow, quick].map { group in
                    background {
                        var sum = 0
                        for try await entry in group.entries {
                            sum += entry.element
                            if entry.element == 300 { break }
                        }
                        return sum
                    }
                }
                for number in 1...300 { try log.append(number) }
                for sum in sums { #expect(try await sum.value == 45_150) }
                let waiter = background { try await slow.entries.next()?.element }
                waiter.cancel()
                await #expect(throws: CancellationError.self) { try await waiter.value }
            }
        }
    }

    /// Two who take from one group by turns: who comes late waits for the next, and is not at an end.
    @Test func twoShareAGroup() throws {
        try withScratchStore { scratch in
            try runTask {
                let log = try scratch.open().log("events", of: Int.self)
                let group = try log.group("readers")
                let readers = (0..<2).map { _ in
                    background {
                        var seen: [Int] = []
                        for try await entry in group.entries {
                            if entry.element < 0 { break }
                            seen.append(entry.element)
                        }
                        return seen
                    }
                }
                for number in 0..<400 { try log.append(number) }
                try log.append(contentsOf: [-1, -1])
                var all: [Int] = []
                for reader in readers { all += try await reader.value }
                #expect(all.sorted() == Array(0..<400))
            }
        }
    }

    @Test func withoutItsType() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let log = try store.log("events", of: Int.self, options: LogOptions(capacity: 100))
            try log.append(contentsOf: 0..<150)
            _ = try log.group("readers", from: 7)
            let untyped = try scratch.openReadOnly().untypedLog("events")
            #expect(untyped.offsets == 50..<150 && untyped.groups.map(\.position) == [7])
            var seen: [String] = []
            try untyped.forEach(from: 60) { (_, _, content) throws(StoreError) in
                seen.append(content.json)
                return seen.count < 80
            }
            #expect(seen == (60..<140).map(String.init))
            #expect(codeThrown { _ = try store.untypedLog("nothing") } == .noSuchCell)
        }
    }

    @Test func aReadOnlyStoreLooks() throws {
        try withScratchStore { scratch in
            let log = try scratch.open().log("events", of: Int.self)
            try log.append(contentsOf: 1...3)
            _ = try log.group("readers")
            let looking = try scratch.openReadOnly().log("events", of: Int.self)
            #expect(try looking.entries().map(\.element) == [1, 2, 3])
            #expect(try looking.group("readers").next(upTo: 2).map(\.element) == [1, 2])
            #expect(codeThrown { try looking.append(4) } == .readOnly)
            #expect(codeThrown { _ = try looking.group("readers").take() } == .readOnly)
            #expect(codeThrown { _ = try looking.group("others") } == .readOnly)
            #expect(codeThrown { _ = try looking.group("readers").next(timeout: .zero).count } == nil)
        }
    }
}

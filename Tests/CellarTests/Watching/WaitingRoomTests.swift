import CellarTestSupport
import Glibc
import Testing

@testable import Cellar

/// Tasks that wait for words.
struct WaitingRoomTests {
    private final class Owner: Sendable {}

    /// More than one thread can sleep on, all at once, and each woken by its own word.
    @Test func manyTasksWaitForAWordEach() throws {
        try runTask {
            let words = (0..<300).map { _ in PrivateFutex() }
            let owner = Owner()
            try await withThrowingTaskGroup(of: Int.self) { (group) async throws in
                for (index, word) in words.enumerated() {
                    group.addTask {
                        while word.futex.acquire() == 0 {
                            _ = try await WaitingRooms.wait(
                                while: word.futex, is: 0, until: MonotonicClock.never, keeping: owner, unless: { false }
                            )
                        }
                        return index
                    }
                }
                for index in (0..<300).shuffled() {
                    words[index].advance()
                    let woken = try await group.next()
                    #expect(woken == index)
                }
            }
        }
    }

    @Test(arguments: [true, false]) func whatEndsAWait(sleepsOnMany: Bool) throws {
        try runTask {
            let room = try WaitingRoom(sleepsOnMany: sleepsOnMany)
            let word = PrivateFutex()
            let owner = Owner()
            @Sendable func wait(until deadline: Int64 = MonotonicClock.never, isOver: Bool = false) async
                -> WaitingRoom.Outcome
            {
                await room.wait(while: word.futex, is: 0, until: deadline, keeping: owner, unless: { isOver })
            }
            #expect(await wait(until: MonotonicClock.now() + 1_000_000) == .called)
            #expect(await wait(isOver: true) == .called)
            let cancelled = background { await wait() }
            cancelled.cancel()
            #expect(try await cancelled.value == .cancelled)
            let dismissed = background { await wait() }
            // Until it came to wait, there is nobody to send away.
            while room.guestCount == 0 { await Task.yield() }
            room.dismiss(owner)
            #expect(try await dismissed.value == .called)
            let woken = background { await wait() }
            word.advance()
            #expect(try await woken.value == .called)
            #expect(await wait() == .called, "the word is another already")
        }
    }
}

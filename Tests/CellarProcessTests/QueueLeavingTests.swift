import Cellar
import CellarTestSupport
import Testing

extension ProcessTests {
    /// What a process has of a queue when it closes the store in an orderly way comes back as if it had died.
    @Suite struct QueueLeaving {
        /// It came back only when all else had been delivered: nobody looked before.
        @Test func whatIsLeasedComesBackInItsPlace() throws {
            try withScratchStore { scratch in
                let queue = try scratch.open().queue("jobs", of: Int.self)
                try queue.put(contentsOf: 1...4)
                let leaving = try scratch.worker("queue-leave", "lease")
                try leaving.expect("has 1")
                #expect(try queue.get() == 2)
                leaving.send("leave")
                try leaving.expect("left")
                #expect(try queue.get(upTo: 9) == [1, 3, 4])
                leaving.kill()
            }
        }

        /// Who joined waited for ever for those that had left.
        @Test func whatIsTakenIsDone() throws {
            try withScratchStore { scratch in
                let queue = try scratch.open().queue("jobs", of: Int.self)
                try queue.put(1)
                let leaving = try scratch.worker("queue-leave", "get")
                try leaving.expect("has 1")
                #expect(try queue.depth.taken == 1)
                leaving.send("leave")
                try leaving.expect("left")
                try queue.join(timeout: .seconds(60))
                leaving.kill()
            }
        }
    }
}

// A queue, a worker in a process of its own, and a way to know when all is done: the classic of every multi-process library.
//
// The queue is there under its name, for any process that opens the store. The worker goes on until an item says that there is
// nothing more; `join` returns when every item that was put has been marked as done.

import Cellar
import ExampleSupport

@main
enum WorkerQueue {
    /// What ends the worker.
    static let end = -1

    static func main() async throws {
        let roles = Roles()
        let store = try Store.open(roles.path)
        let queue = try store.queue("numbers", of: Int.self)
        if roles.role == "worker" { return try work(queue) }

        defer { try? Store.remove(roles.path) }
        async let worker = roles.start("worker")
        for number in 0..<5 { try await queue.put(number) }
        try await queue.put(end)
        try await queue.join()
        Roles.say("All tasks completed.")
        _ = try await worker
        store.close()
    }

    static func work(_ queue: SharedQueue<Int>) throws {
        while let number = try queue.get() {
            if number != end { Roles.say("Processed \(number) by worker") }
            try queue.taskDone()
            if number == end { return }
        }
    }
}

// A consumer dies in the middle of its work, and nothing is lost.
//
// Consumers lease orders and acknowledge them when they are done with them. The first consumer ends without a word while it
// has one; the order goes back to its place, and to the second, which sees that it was delivered before.

import Cellar
import ExampleSupport
import Glibc

@main
enum Redelivery {
    static func main() async throws {
        let roles = Roles()
        let store = try Store.open(roles.path)
        let orders = try store.queue("orders", of: String.self)
        let done = try store.value("orders done", initial: 0)
        if let role = roles.role { return try consume(orders, done, crashes: role == "unlucky") }

        defer { try? Store.remove(roles.path) }
        try orders.put(contentsOf: ["tea", "coffee", "cake"])
        try orders.close()
        try await roles.start("unlucky")
        try await roles.start("consumer")
        try await orders.join()
        Roles.say("\(done.load()) orders done, none lost.")
        store.close()
    }

    static func consume(_ orders: SharedQueue<String>, _ done: SharedValue<Int>, crashes: Bool) throws {
        while let lease = try orders.lease() {
            if crashes, lease.element == "coffee" {
                Roles.say("A consumer dies with '\(lease.element)'.")
                kill(getpid(), SIGKILL)
            }
            Roles.say("Delivered '\(lease.element)'\(lease.deliveries > 1 ? ", at attempt \(lease.deliveries)" : "").")
            done.add(1)
            try lease.acknowledge()
        }
    }
}

// A pool of processes maps a function over a list of files: here, counting their bytes and lines.
//
// What is to be done is in one queue, the results in a dictionary. Workers lease a file, so that one that dies costs nothing;
// the pool ends when everything is acknowledged.

import Cellar
import ExampleSupport
import Glibc

/// What the function makes of a file.
struct Count {
    var bytes = 0
    var lines = 0
}

@main
enum ProcessPool {
    static let workers = 3

    static func main() async throws {
        let roles = Roles()
        let store = try Store.open(roles.path)
        let files = try store.queue("files", of: String.self, options: QueueOptions(maximumByteCount: 4096))
        let counts = try store.dictionary("counts", keys: String.self, values: Count.self)
        if roles.role == "worker" {
            for try await lease in files.leases {
                try counts.set(count(lease.element), for: lease.element)
                try lease.acknowledge()
            }
            return
        }

        defer { try? Store.remove(roles.path) }
        guard !roles.arguments.isEmpty else { return Roles.say("usage: example-process-pool FILE…") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<workers { group.addTask { _ = try await roles.start("worker") } }
            for file in roles.arguments { try await files.put(file) }
            try files.close()
            try await group.waitForAll()
        }
        var total = Count()
        for file in roles.arguments.sorted() {
            let count = try counts[file] ?? Count()
            Roles.say("\(count.bytes) bytes, \(count.lines) lines in \(file)")
            total.bytes += count.bytes
            total.lines += count.lines
        }
        Roles.say("\(total.bytes) bytes, \(total.lines) lines in all")
        store.close()
    }

    static func count(_ path: String) -> Count {
        var count = Count()
        guard let file = unsafe fopen(path, "r") else { return count }
        defer { unsafe fclose(file) }
        while case let character = unsafe getc(file), character != EOF {
            count.bytes += 1
            if character == 10 { count.lines += 1 }
        }
        return count
    }
}

import Cellar
import CellarTestSupport
import Glibc

/// What those that look are shown.
let lookingCommands: [String: Command] = [
    // many STORE COUNT: makes so many cells, in folders, and waits for a line.
    "many": { arguments in
        let store = try arguments.open()
        for number in 0..<arguments.number(1) {
            _ = try store.value("robot/part-\(number % 100)/sensor-\(number)", initial: Double(number))
        }
        try store.sync(timeout: .seconds(600))
        say("made")
        awaitLine()
        store.close()
    },
    // sample STORE: makes a small store with something of each kind.
    "sample": { arguments in
        let store = try arguments.open { $0.checkpointInterval = .seconds(3600) }
        try store.sync()
        try LookedAt.fill(store)
        store.close()
    },
    // run-as STORE UID GID PROGRAM ARGUMENT…: becomes somebody else, and then the program.
    "run-as": { arguments in
        guard setgroups(0, nil) == 0, setgid(gid_t(arguments.number(2))) == 0,
            setuid(uid_t(arguments.number(1))) == 0
        else { return say("setuid refused") }
        var argv = unsafe arguments.rest(from: 3).map { unsafe strdup($0) }
        unsafe argv.append(nil)
        unsafe execv(arguments.text(3), argv)
        say("cannot start \(arguments.text(3)): \(errno)")
    },
    // have STORE: has a lock, an end of a pipe and an item of a queue, and waits for a line.
    "have": { arguments in
        let store = try arguments.open { $0.processName = "owner" }
        let lease = try store.queue("jobs", of: Int.self).lease()
        let end = try store.pipe("line", capacity: 128).open(.first)
        try store.mutex("door").withLock {
            say("holding")
            awaitLine()
        }
        try lease?.acknowledge()
        end.close()
        store.close()
    },
]

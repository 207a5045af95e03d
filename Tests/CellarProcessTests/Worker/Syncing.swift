import Cellar
import CellarTestSupport
import Glibc

let syncingCommands: [String: Command] = [
    // sync-act STORE DEED [POINT]: holds it or is about to signal, until told to go; then it dies at the point, or says which
    // ones it came to.
    "sync-act": { arguments in
        let store = try arguments.open()
        try deed(arguments).act(store) {
            say("holding")
            awaitLine()
            armSync(arguments.text(2))
        }
        saySyncVisits()
        say("done")
        awaitLine()
    },
    // sync-wait STORE DEED: waits, and says so when it is through.
    "sync-wait": { arguments in
        let store = try arguments.open()
        try deed(arguments).wait(store)
        say("through")
        awaitLine()
    },
    // sync-leave STORE: takes all permits, and closes the store with them.
    "sync-leave": { arguments in
        let store = try arguments.open()
        try store.semaphore("s", count: 3).acquire(3)
        say("holding")
        awaitLine()
        store.close()
        say("closed")
        awaitLine()
    },
    // sync-meet STORE PARTIES: waits at the barrier 'b'.
    "sync-meet": { arguments in
        let store = try arguments.open()
        try store.barrier("b", parties: arguments.number(1)).wait()
        say("through")
    },
    // sync-read STORE: reads again and again, until it is killed.
    "sync-read": { arguments in
        let store = try arguments.open()
        let lock = try store.readWriteLock("rw")
        say("reading")
        while goesOn() { try lock.withReadLock {} }
    },
    // sync-tear STORE: changes half of what a mutex guards, and stays there.
    "sync-tear": { arguments in
        let store = try arguments.open()
        let pair = try store.array("pair", of: Int.self)
        try store.mutex("m").withLock {
            pair[0] = 9
            say("holding")
            awaitLine()
        }
    },
]

private func deed(_ arguments: Arguments) throws -> SyncDeed {
    guard let found = SyncDeed.named(arguments.text(1)) else {
        throw CrashScenario.Wrong("no deed '\(arguments.text(1))'")
    }
    return found
}

#if CrashPoints
    private func armSync(_ point: String) {
        if point.isEmpty { CrashPoints.record() } else { CrashPoints.arm(point) }
    }

    private func saySyncVisits() {
        for (name, _) in CrashPoints.visits { say("point \(name)") }
    }
#else
    private func armSync(_ point: String) {}
    private func saySyncVisits() {}
#endif

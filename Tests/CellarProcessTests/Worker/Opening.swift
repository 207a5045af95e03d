import Cellar
import CellarTestSupport
import Glibc

let openingCommands: [String: Command] = [
    // attach STORE [MILLISECONDS]: opens, waits for a line, closes.
    "attach": { arguments in
        let store = try arguments.open { options in
            if !arguments.text(1).isEmpty { options.checkpointInterval = .milliseconds(arguments.number(1)) }
        }
        say("ready")
        awaitLine()
        store.close()
        say("closed")
    },
    // race STORE: opens at a signal, adds 1, says the segment it sees.
    "race": { arguments in
        say("ready")
        awaitLine()
        let store = try arguments.open()
        try store.value("hits", initial: 0).add(1)
        let segment = try store.statistics().segment?.name ?? "none"
        var status = stat()
        unsafe stat("/dev/shm" + segment, &status)
        say("segment \(segment) \(status.st_ino)")
        awaitLine()
        say("hits \(try store.value("hits", of: Int.self).load())")
    },
    // elsewhere STORE: has its own /dev/shm, then opens.
    "elsewhere": { arguments in
        guard Files.mountSmall(at: "/dev/shm", bytes: 8 << 20) else { return say("mount refused") }
        report("open") { _ = try arguments.open() }
        report("look") { _ = try Store.open(arguments.path, .readOnly) }
    },
    // full-memory STORE: fills a small /dev/shm with arrays until none fits, and goes on.
    "full-memory": { arguments in
        guard Files.mountSmall(at: "/dev/shm", bytes: 8 << 20) else { return say("mount refused") }
        try lookAgain(arguments, fillMemory(arguments))
    },
    // no-memory STORE: opens where /dev/shm has no room for a segment at all.
    "no-memory": { arguments in
        guard Files.mountSmall(at: "/dev/shm", bytes: 64 << 10) else { return say("mount refused") }
        report("open") { _ = try arguments.open() }
        say("left \(Files.names("/dev/shm").count)")
    },
    // as-user STORE UID: opens as somebody else.
    "as-user": { arguments in
        guard setuid(uid_t(arguments.number(1))) == 0 else { return say("setuid refused") }
        report("open") { _ = try arguments.open() }
        report("look") { _ = try Store.open(arguments.path, .readOnly) }
    },
    // as-member STORE UID GID: opens, as one of a group that may write, and counts; keeps it until a line comes.
    "as-member": { arguments in
        guard setgroups(0, nil) == 0, setgid(gid_t(arguments.number(2))) == 0,
            setuid(uid_t(arguments.number(1))) == 0
        else { return say("setuid refused") }
        report("open") {
            let store = try arguments.open { $0.mode = 0o660 }
            let hits = try store.value("hits", initial: 0)
            say("hits \(hits.add(1))")
            awaitLine()
            store.close()
        }
    },
    // umask STORE MASK: makes a store under a umask; says the modes of all that came to be.
    "umask": { arguments in
        umask(mode_t(arguments.number(1)))
        let store = try arguments.open()
        _ = try store.value("some", initial: 1)
        try store.sync()
        let segment = try store.statistics().segment?.name ?? ""
        say("directory \(String(Files.mode(arguments.path) ?? 0, radix: 8))")
        for name in Files.names(arguments.path) {
            say("\(name) \(String(Files.mode(arguments.path + "/" + name) ?? 0, radix: 8))")
        }
        say("segment \(String(Files.mode("/dev/shm" + segment) ?? 0, radix: 8))")
    },
    // look STORE CELL: holds a read-only handle of a number; says its value at each line.
    "look": { arguments in
        let store = try Store.open(arguments.path, .readOnly)
        let cell = try store.value(arguments.text(1), of: Triple.self)
        say("ready")
        while goesOn() {
            awaitLine()
            report("load") { say("value \(try cell.load().first) removed \(cell.isRemoved)") }
        }
    },
    // grow STORE NUMBER: makes cells at each line, and reads those that another one made.
    "grow": { arguments in
        let store = try arguments.open()
        let mine = arguments.number(1)
        let count = arguments.number(2)
        say("ready")
        for round in 0..<count {
            awaitLine()
            let cells = try store.array("array \(mine).\(round)", of: Int.self, count: 200_000)
            cells[199_999] = mine * 1000 + round
            for index in 0..<500 { _ = try store.value("value \(mine).\(round).\(index)", initial: index) }
            say("made")
            awaitLine()
            let others = try store.array("array \(1 - mine).\(round)", of: Int.self)
            guard others[199_999] == (1 - mine) * 1000 + round else { return say("wrong") }
            for index in 0..<500 {
                guard try store.value("value \(1 - mine).\(round).\(index)", of: Int.self).load() == index else {
                    return say("wrong")
                }
            }
            say("read")
        }
        awaitLine()
    },
]

/// The store and its handles are gone when it returns, and with them the memory they had mapped.
private func fillMemory(_ arguments: Arguments) throws -> Int {
    let store = try arguments.open()
    let kept = try store.value("kept", initial: 0)
    kept.store(41)
    report("fill") {
        for index in 0..<100_000 { _ = try store.array("array \(index)", of: Double.self, count: 10_000) }
    }
    report("small") {
        for index in 0..<100_000 { _ = try store.value("value \(index)", initial: index) }
    }
    // Removing and renaming take a little room too: they may be refused, and must not do half of it.
    report("rename") { try store.rename("array 0", to: "renamed") }
    kept.add(1)
    say("kept \(kept.load())")
    let names = try store.cells().map(\.name)
    let made = names.count { $0.hasPrefix("array") || $0 == "renamed" }
    say("made \(made > 10) \(names.contains("array 0") != names.contains("renamed"))")
    report("sync") { try store.sync() }
    report("remove") { try store.remove("array 1") }
    store.close()
    return made
}

private func lookAgain(_ arguments: Arguments, _ made: Int) throws {
    report("discard") { try Store.discardSegment(of: arguments.path) }
    let again = try arguments.open()
    say("again \(try again.value("kept", of: Int.self).load())")
    report("last") { _ = try again.array("array \(made - 1)", of: Double.self) }
}

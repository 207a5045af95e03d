import CInterposer
import Cellar
import CellarTestSupport
import Glibc

let surroundingsCommands: [String: Command] = [
    // write-logged STORE LOG ROUNDS: makes a store and changes all of it again and again, syncing each time, while all
    // that goes to the disk is written down.
    "write-logged": { arguments in
        unsafe interposer_record_writes(arguments.path, arguments.text(1))
        let store = try arguments.open { $0.checkpointInterval = .seconds(3600) }
        let rounds = try PowerLossRounds(store)
        // From here on, only what is asked for goes to the disk: a round is there whole or not at all.
        try store.sync()
        for number in 1...arguments.number(2) {
            try rounds.write(number)
            try store.sync()
            unsafe interposer_note("synced \(number)")
        }
        store.close()
        say("done")
    },
    // read-image STORE: what a store that went through a power cut has.
    "read-image": { arguments in say("round \(try PowerLossRounds.read(arguments.path))") },
    // fail-each STORE KIND FOREVER: lets each call that asks for something fail once, from the first to the last.
    "fail-each": { arguments in
        try FaultRun(
            path: arguments.path, makes: arguments.text(1) == "make", isForever: arguments.text(2) == "forever"
        ).run()
    },
    // wait-value STORE: waits for the lock of 'triple', which somebody else has.
    "wait-value": { arguments in
        let store = try arguments.open()
        let cell = try store.value("triple", initial: Triple(1))
        say("waiting")
        report("lock") { try cell.withLock(timeout: .seconds(60)) { $0 = Triple(7) } }
        awaitLine()
    },
    // shaken STORE: everything that waits, under a wall clock that jumps by years.
    "shaken": { arguments in
        interposer_shake_clock()
        let store = try arguments.open { $0.checkpointInterval = .milliseconds(1) }
        let cell = try store.value("triple", of: Triple.self)
        report("lock") { try cell.withLock(timeout: .milliseconds(50)) { $0 = Triple(2) } }
        let word = try store.value("number", initial: 0)
        for _ in 0..<20 {
            word.add(1)
            try store.sync(timeout: .seconds(20))
        }
        store.close()
        say("shaken \(interposer_shaken() > 0)")
    },
    // mappings STORE: looks, and says how files of the store are mapped and open.
    "mappings": { arguments in
        let store = try Store.open(arguments.path, .readOnly)
        _ = try store.value("number", of: Int.self).load()
        let identity = try store.statistics().identity
        for line in Files.text("/proc/self/maps").split(separator: "\n")
        where line.contains(arguments.path) || line.contains(identity) {
            let words = line.split(separator: " ")
            say("map \(words[1]) \(words.last ?? "")")
        }
        for name in Files.names("/proc/self/fd") {
            let target = linkTarget("/proc/self/fd/\(name)")
            guard target.contains(arguments.path) || target.contains(identity) else { continue }
            let flags = fcntl(Int32(name) ?? -1, F_GETFL)
            say("file \(flags & O_ACCMODE == O_RDONLY ? "r" : "w") \(target)")
        }
        say("end")
        store.close()
    },
    // as-reader STORE UID GID: one who may only read tries everything.
    "as-reader": { arguments in
        guard setgroups(0, nil) == 0, setgid(gid_t(arguments.number(2))) == 0,
            setuid(uid_t(arguments.number(1))) == 0
        else { return say("setuid refused") }
        report("look") {
            let store = try Store.open(arguments.path, .readOnly)
            say("number \(try store.value("number", of: Int.self).load())")
            let segment = try store.statistics().segment?.name ?? ""
            let paths = Files.names(arguments.path).map { arguments.path + "/" + $0 } + ["/dev/shm" + segment]
            let open = paths.filter { unsafe Glibc.open($0, O_RDWR | O_CLOEXEC) >= 0 }
            say("writable \(open)")
            say("unlinked \(paths.filter { unsafe unlink($0) == 0 })")
        }
        report("open") { _ = try arguments.open() }
    },
    // come-and-go STORE COUNT AT-ONCE: so many processes open the store, add 1, and leave, each third without a word.
    "come-and-go": { arguments in
        var living = 0
        var failed = 0
        for number in 0..<arguments.number(1) {
            if living == arguments.number(2) {
                failed += reapOne()
                living -= 1
            }
            guard let child = forkProcess() else { return say("fork refused") }
            if child == 0 { comeAndGo(arguments, number) }
            living += 1
        }
        for _ in 0..<living { failed += reapOne() }
        say("failed \(failed)")
    },
]

private func comeAndGo(_ arguments: Arguments, _ number: Int) -> Never {
    do {
        let store = try arguments.open { $0.lockTimeout = .seconds(60) }
        try store.value("hits", of: Int.self).add(1)
        if number % 3 != 0 { store.close() }
        _exit(0)
    } catch {
        say("error \(code(of: error)): \(error)")
        _exit(1)
    }
}

private func reapOne() -> Int {
    var status: Int32 = 0
    while unsafe waitpid(-1, &status, 0) < 0, errno == EINTR {}
    return status == 0 ? 0 : 1
}

private func linkTarget(_ path: String) -> String {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe readlink(path, bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
}

import Cellar
import CellarTestSupport
import Glibc

let countingCommands: [String: Command] = [
    // add STORE CELL N: adds 1 to a counter N times.
    "add": { arguments in
        let store = try arguments.open()
        let cell = try store.value(arguments.text(1), initial: 0)
        say("ready")
        awaitLine()
        for _ in 0..<arguments.number(2) { cell.add(1) }
        say("done")
        awaitLine()
        store.close()
    },
    // add-elements STORE N: adds to elements of an array of narrow integers, where neighbours share a word.
    "add-elements": { arguments in
        let store = try arguments.open()
        let cells = try store.array("narrow", of: UInt16.self, count: 16)
        say("ready")
        awaitLine()
        for step in 0..<arguments.number(1) { cells.add(1, at: step & 15) }
        say("done")
        awaitLine()
    },
    // lock-add STORE N: adds under a lock to a value of several words.
    "lock-add": { arguments in
        let store = try arguments.open { $0.lockTimeout = .seconds(60) }
        let cell = try store.value("triple", initial: Triple(0))
        say("ready")
        awaitLine()
        for _ in 0..<arguments.number(1) {
            try cell.withLock {
                $0.first += 1
                $0.second += 1
                $0.third += 1
            }
        }
        say("done")
        awaitLine()
    },
    // idle STORE SECONDS: does nothing while attached; says the processor time it used, in microseconds.
    "idle": { arguments in
        let store = try arguments.open()
        _ = try store.value("some", initial: 0)
        try store.sync()
        let before = processorMicroseconds()
        sleep(UInt32(arguments.number(1)))
        say("used \(processorMicroseconds() - before)")
        store.close()
    },
]

private func processorMicroseconds() -> Int {
    var usage = rusage()
    unsafe getrusage(RUSAGE_SELF.rawValue, &usage)
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1_000_000
        + Int(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
}

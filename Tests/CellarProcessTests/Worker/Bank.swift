import Cellar
import CellarTestSupport
import Glibc

let bankCommands: [String: Command] = [
    // bank STORE SEED: moves money between random accounts of all kinds until it is killed, and says so whenever a snapshot
    // has another sum than there is money.
    "bank": { arguments in
        let store = try arguments.open()
        var random = SeededRandom(seed: UInt64(arguments.number(1)))
        let bank = try Bank(store)
        armAtACommit(&random)
        say("ready")
        while true {
            try bank.move(&random)
            if random.next() % 16 == 0 {
                let sum = try bank.sum()
                if sum != Bank.total { say("sum \(sum)") }
            }
        }
    },
    // stop-collecting STORE: has the role of checkpointer, and stops when it has collected what a pass is to write.
    "stop-collecting": { arguments in
        #if CrashPoints
            let store = try arguments.open()
            _ = try store.value("old", initial: 1)
            try store.sync()
            say("ready")
            awaitLine()
            CrashPoints.arm("pass: collected", .stop)
        #endif
        say("armed")
        awaitLine()
    },
    // stop-committing STORE: stops in a transaction, when the disk has it and memory does not.
    "stop-committing": { arguments in
        #if CrashPoints
            let store = try arguments.open()
            let (first, second) = (try store.value("first", initial: 0), try store.value("second", initial: Triple(0)))
            try store.transaction(durability: .disk) { tx in
                try tx.store(2, to: first)
                try tx.store(Triple(2), to: second)
                CrashPoints.arm("commit: committed", .stop)
            }
        #endif
        say("done")
        awaitLine()
    },
]

/// Half of those who move money die at a step of a commit, which hardly any kill at a random moment comes upon.
private func armAtACommit(_ random: inout SeededRandom) {
    #if CrashPoints
        let steps = [
            "touched: listed", "commit: recorded", "commit: odd sequence", "commit: perhaps on disk",
            "commit: committed",
            "put: state changed", "value: copied", "commit: changed", "commit: no record", "commit: even sequence",
        ]
        guard random.next() % 2 == 0, let step = steps.randomElement(using: &random) else { return }
        CrashPoints.arm(step, visit: Int.random(in: 1...300, using: &random))
    #endif
}

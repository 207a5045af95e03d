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
        say("ready")
        while true {
            try bank.move(&random)
            if random.next() % 16 == 0 {
                let sum = try bank.sum()
                if sum != Bank.total { say("sum \(sum)") }
            }
        }
    }
]

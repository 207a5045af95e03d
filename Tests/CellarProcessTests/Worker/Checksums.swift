import Cellar
import CellarTestSupport
import Glibc

let checksumCommands: [String: Command] = [
    // hammer STORE START: stores one checksummed struct after the other until it is killed.
    "hammer": { arguments in
        let store = try arguments.open { $0.lockTimeout = .seconds(60) }
        let cell = try store.value("block", initial: Checksummed(number: 0))
        var number = UInt64(arguments.number(1))
        say("ready")
        awaitLine()
        while goesOn() {
            try cell.store(Checksummed(number: number))
            number &+= 2
        }
    },
    // read-checked STORE N: reads it N times; says how many were torn and how many different ones it saw.
    "read-checked": { arguments in
        let store = try arguments.open()
        let cell = try store.value("block", initial: Checksummed(number: 0))
        say("ready")
        awaitLine()
        var torn = 0
        var changes = 0
        var last: UInt64 = .max
        for _ in 0..<arguments.number(1) {
            let value = try cell.load()
            if !value.isWhole { torn += 1 }
            if value.number != last { changes += 1 }
            last = value.number
        }
        say("torn \(torn)")
        say("changes \(changes)")
    },
]

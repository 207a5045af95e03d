import Cellar
import CellarTestSupport
import Glibc

let durabilityCommands: [String: Command] = [
    // write-sync STORE SEED: writes a bit of everything, syncs, and says so; then waits to be killed.
    "write-sync": { arguments in
        let store = try arguments.open { $0.checkpointInterval = .seconds(3600) }
        let number = arguments.number(1)
        try store.value("counter", initial: 0).store(number)
        try store.value("triple", initial: Triple(0)).store(Triple(number))
        let cells = try store.array("numbers", of: Int.self, count: 20_000)
        try cells.fill(number)
        try store.sync()
        say("synced")
        awaitLine()
    },
    // sync-often STORE N: syncs N times, changing something each time.
    "sync-often": { arguments in
        let store = try arguments.open { $0.checkpointInterval = .seconds(3600) }
        let cell = try store.value("counter", initial: 0)
        say("ready")
        awaitLine()
        for _ in 0..<arguments.number(1) {
            cell.add(1)
            try store.sync()
        }
        say("done")
        awaitLine()
    },
    // last-stores STORE CELLS SEED: stores rising numbers in each cell, a few times with random pauses, and never
    // again; says when it is through.
    "last-stores": { arguments in
        let store = try arguments.open { $0.checkpointInterval = .seconds(3600) }
        let words = try (0..<arguments.number(1)).map { try store.value("word \($0)", initial: 0) }
        let triples = try (0..<arguments.number(1)).map { try store.value("triple \($0)", initial: Triple(0)) }
        let cells = try store.array("elements", of: Int.self, count: 8192 * 16)
        var random = SeededRandom(seed: UInt64(arguments.number(2)))
        say("ready")
        awaitLine()
        for index in words.indices {
            for number in 1...Int.random(in: 1...6, using: &random) {
                let value = index * 10 + number
                words[index].store(value)
                if index % 4 == 0 { try triples[index].store(Triple(value)) }
                if index % 3 == 0 { cells[index &* 7919 % cells.count] = value }
                var pause = UInt32.random(in: 0..<400, using: &random)
                while pause > 0 { pause &-= 1 }
            }
        }
        say("through")
        awaitLine()
    },
]

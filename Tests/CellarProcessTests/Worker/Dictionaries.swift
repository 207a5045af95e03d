import Cellar
import CellarTestSupport
import Glibc

let dictionaryCommands: [String: Command] = [
    // add-to-keys STORE DICTIONARY KEYS TIMES SEED: adds 1 to each key below KEYS so often, in an order of its own.
    "add-to-keys": { arguments in
        let store = try arguments.open()
        defer { store.close() }
        let dictionary = try store.dictionary(arguments.text(1), keys: Int.self, values: Int.self)
        var random = SeededRandom(seed: UInt64(arguments.number(4)))
        say("ready")
        awaitLine()
        for _ in 0..<arguments.number(3) {
            for key in (0..<arguments.number(2)).shuffled(using: &random) { try dictionary.add(1, to: key) }
        }
        say("done")
        awaitLine()
    },
    // come-and-go STORE DICTIONARY FIRST COUNT SEED: sets and removes blocks under COUNT keys from FIRST on, until a line comes.
    "set-and-remove-blocks": { arguments in
        let store = try arguments.open()
        defer { store.close() }
        let dictionary = try store.dictionary(arguments.text(1), keys: Int.self, values: Checksummed.self)
        let keys = arguments.number(2)..<arguments.number(2) + arguments.number(3)
        var random = SeededRandom(seed: UInt64(arguments.number(4)))
        say("ready")
        awaitLine()
        while !hasLine() {
            for _ in 0..<200 {
                let key = Int.random(in: keys, using: &random)
                if Int.random(in: 0..<3, using: &random) == 0 {
                    try dictionary.removeValue(for: key)
                } else {
                    try dictionary.set(Checksummed(number: random.next()), for: key)
                }
            }
        }
        say("done")
        awaitLine()
    },
    // set-numbered STORE DICTIONARY FIRST START: gives 40 keys from FIRST on the numbers from START on, one after the other,
    // saying each number when it is set, until it is killed.
    "set-numbered": { arguments in
        let store = try arguments.open {
            $0.lockTimeout = .seconds(30)
            $0.checkpointInterval = .milliseconds(2)
        }
        let dictionary = try store.dictionary(arguments.text(1), keys: String.self, values: Checksummed.self)
        var number = arguments.number(3)
        say("ready")
        while goesOn() {
            try dictionary.set(Checksummed(number: UInt64(number)), for: "key \(arguments.number(2) + number % 40)")
            say("\(number)")
            number += 1
            // Others, of which nobody asks, make the dictionary grow and shrink.
            let other = "other \(arguments.number(2) + number * 7 % 300)"
            if number % 600 < 300 {
                try dictionary.set(Checksummed(number: UInt64(number)), for: other)
            } else {
                try dictionary.removeValue(for: other)
            }
        }
    },
    // load-dictionary STORE DICTIONARY FILE PART PARTS: puts its part of the file's lines into the dictionary, with their
    // lengths.
    "load-dictionary": { arguments in
        let store = try arguments.open()
        defer { store.close() }
        let dictionary = try store.dictionary(arguments.text(1), keys: String.self, values: Int.self)
        let part = try lines(of: arguments.text(2), part: arguments.number(3), of: arguments.number(4))
        say("ready")
        awaitLine()
        for word in part { try dictionary.set(word.utf8.count, for: word) }
        say("done")
        awaitLine()
    },
]

/// Whether the test said something meanwhile.
private func hasLine() -> Bool {
    var waiting = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&waiting, 1, 0) > 0
}

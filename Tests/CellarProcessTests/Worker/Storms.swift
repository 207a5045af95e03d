import Cellar
import CellarTestSupport
import Glibc

let stormCommands: [String: Command] = [
    // storm STORE KINDS SEED NUMBER: does operations of the kinds (joined by +) at random until it is killed.
    "storm": { arguments in
        let store = try arguments.open {
            $0.lockTimeout = .seconds(30)
            $0.checkpointInterval = .milliseconds(2)
        }
        let storm = try Storm(store, number: arguments.number(3))
        let kinds = arguments.text(1).split(separator: "+")
        var random = SeededRandom(seed: UInt64(arguments.number(2)))
        say("ready")
        while goesOn() { try storm.step(kinds[Int.random(in: kinds.indices, using: &random)], &random) }
    },
    // rename-storm STORE COUNT: renames cells there and back until it is killed, checkpointing all the time.
    "rename-storm": { arguments in
        let store = try arguments.open { $0.checkpointInterval = .zero }
        var random = SystemRandomNumberGenerator()
        say("ready")
        while goesOn() {
            let number = Int.random(in: 0..<arguments.number(1), using: &random)
            if try store.contains("a\(number)") {
                try store.rename("a\(number)", to: "b\(number)")
            } else {
                try store.rename("b\(number)", to: "a\(number)")
            }
        }
    },
]

/// Operations whose traces can be checked afterwards.
struct Storm {
    let store: Store
    let number: Int
    let counter: SharedValue<Int>
    let block: SharedValue<Checksummed>
    let triple: SharedValue<Triple>
    let updated: SharedArray<Int>
    let bulk: SharedArray<Int>
    let records: SharedArray<Triple>

    init(_ store: Store, number: Int) throws {
        self.store = store
        self.number = number
        counter = try store.value("counter", initial: 0)
        // Of its own: what loads, adds and stores without a lock takes back what another did meanwhile.
        block = try store.value("block \(number)", initial: Checksummed(number: 0))
        triple = try store.value("triple", initial: Triple(0))
        updated = try store.array("updated", count: StormCells.arrayCount)
        bulk = try store.array("bulk", count: StormCells.arrayCount)
        records = try store.array("records", count: StormCells.recordCount)
    }

    func step(_ kind: Substring, _ random: inout SeededRandom) throws {
        switch kind {
        case "word": counter.add(1)
        case "value": try block.store(Checksummed(number: block.load().number + 1))
        case "lock": try addUnderLock()
        case "update": try updateAll()
        case "bulk": try writeAll()
        case "record":
            let index = Int.random(in: 0..<StormCells.recordCount, using: &random)
            try records.store(Triple(records.load(at: index).first + 1), at: index)
        case "catalog": try changeCatalog(&random)
        default: say("no such kind")
        }
    }

    private func addUnderLock() throws {
        try triple.withLock {
            $0.first += 1
            $0.second += 1
            $0.third += 1
        }
    }

    private func updateAll() throws {
        try updated.update { span in
            let next = span[0] + 1
            span.update(repeating: next)
        }
    }

    /// A dead one's work is made whole again: all of it as far as that one got.
    private func writeAll() throws {
        try bulk.withLock(repair: Self.repair) { span in
            let next = span[0] + 1
            span.update(repeating: next)
        }
    }

    private static func repair(_ span: inout MutableSpan<Int>, _ range: Range<Int>) {
        let first = span[0]
        span.update(repeating: first)
    }

    /// Creates, renames and removes cells whose content says which they are.
    func changeCatalog(_ random: inout SeededRandom) throws {
        let index = Int.random(in: 0..<30, using: &random)
        let born = "t\(number).\(index)"
        let grown = "u\(number).\(index)"
        if index % 3 == 0 {
            // Now and then one that is large, so that the segment has to grow.
            _ = try store.array("v\(number).\(index)", of: Int.self, count: 3_000)
            try store.remove("v\(number).\(index)")
        }
        let cell = try store.value(born, initial: StormCells.content(index))
        guard try cell.load() == StormCells.content(index) else { return say("wrong \(born)") }
        if try store.contains(grown) { try store.remove(grown) }
        try store.rename(born, to: grown)
        guard try store.value(grown, of: Triple.self).load() == StormCells.content(index) else {
            return say("wrong \(grown)")
        }
        if Bool.random(using: &random) { try store.remove(grown) }
    }
}

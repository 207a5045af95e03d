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
        let kinds = arguments.text(1).split(separator: "+").compactMap { Storm.steps[String($0)] }
        var random = SeededRandom(seed: UInt64(arguments.number(2)))
        say("ready")
        while goesOn() { try kinds.randomElement(using: &random)!(storm)(&random) }
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
        block = try store.value("block", initial: Checksummed(number: 0))
        triple = try store.value("triple", initial: Triple(0))
        updated = try store.array("updated", count: StormCells.arrayCount)
        bulk = try store.array("bulk", count: StormCells.arrayCount)
        records = try store.array("records", count: StormCells.recordCount)
    }

    typealias Step = @Sendable (Storm) -> (inout SeededRandom) throws -> Void
    static let steps: [String: Step] = [
        "word": { storm in { _ in storm.counter.add(1) } },
        "value": { storm in { _ in try storm.block.store(Checksummed(number: storm.block.load().number + 1)) } },
        "lock": { storm in
            { _ in
                try storm.triple.withLock {
                    $0.first += 1
                    $0.second += 1
                    $0.third += 1
                }
            }
        },
        "update": { storm in
            { _ in
                try storm.updated.update(atomically: 0..<StormCells.arrayCount) { span in
                    let next = span[0] + 1
                    span.update(repeating: next)
                }
            }
        },
        "bulk": { storm in
            { _ in
                try storm.bulk.withLock(repair: { span, _ in
                    // Whole again: all of it as far as the dead one got.
                    let most = span[0]
                    span.update(repeating: most)
                }) { span in span.update(repeating: span[0] + 1) }
            }
        },
        "record": { storm in
            { random in
                let index = Int.random(in: 0..<StormCells.recordCount, using: &random)
                try storm.records.store(Triple(storm.records.load(at: index).first + 1), at: index)
            }
        },
        "catalog": { storm in { random in try storm.changeCatalog(&random) } },
    ]

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
        do { try store.rename(born, to: grown) } catch let error where error.code == .cellExists {
            try store.remove(grown)
            try store.rename(born, to: grown)
        }
        guard try store.value(grown, of: Triple.self).load() == StormCells.content(index) else { return say("wrong \(grown)") }
        if Bool.random(using: &random) { try store.remove(grown) }
    }
}

import BenchmarkSupport
import Cellar

/// Sixteen bytes, as the key of an entry.
struct Key16: BitwiseCopyable, Sendable {
    var high = 0
    var low = 7
}

typealias BlockDictionary = SharedDictionary<Key16, Block64>

/// A dictionary of plain keys of 16 bytes and values of 64.
var dictionaryWorks: [String: (Place) throws -> Work] {
    [
        "map-get": single { dictionary, keys in try DictionaryLoops.get(keys, from: dictionary) },
        "map-set": single { dictionary, keys in try DictionaryLoops.set(keys, in: dictionary) },
        "map-mixed": mixed,
    ]
}

extension Store {
    fileprivate func blocks(_ place: Place) throws -> BlockDictionary {
        try dictionary("blocks", keys: Key16.self, values: Block64.self, persistence: place.persistence)
    }
}

private func filled(_ store: Store, _ place: Place) throws -> BlockDictionary {
    let dictionary = try store.blocks(place)
    for index in 0..<place.entries { try dictionary.set(Block64(a: index), for: Key16(high: index)) }
    return dictionary
}

private func single(_ body: @escaping (BlockDictionary, ArraySlice<Int>) throws -> Void) -> (Place) throws -> Work {
    { place in
        let store = try place.open(quiet: true)
        let dictionary = try filled(store, place)
        let order = Order.uniform(place.entries)
        return place.work(store) { count in
            try repeated(count, order) { keys in try time { try body(dictionary, keys) } }
        }
    }
}

/// YCSB's mixtures, by one or several processes.
private func mixed(_ place: Place) throws -> Work {
    let shape = try Mixture(place)
    let store = try place.open(quiet: true)
    let dictionary = try filled(store, place)
    let processes = place.number("processes", default: 1)
    let others = processes > 1 ? try Parts("mixed", count: processes - 1, at: place) : nil
    let mine = Mixer(shape, dictionary, entries: place.entries, index: 0, processes: processes)
    return Work { count in
        guard let others else { return try time { try mine.run(count) } }
        let share = count / processes + 1
        let taken = try others.run(share: share) { try mine.run(share) }.nanoseconds
        return taken * Double(count) / Double(share * processes)
    } finish: {
        others?.end()
        store.close()
        place.remove()
    }
}

enum DictionaryParts {
    static func mixed(_ store: Store, _ place: Place) throws -> (Int) throws -> Double {
        let mixer = Mixer(
            try Mixture(place), try store.blocks(place), entries: place.entries,
            index: place.number("index", default: 1), processes: place.number("processes", default: 2))
        return { share in
            try mixer.run(share)
            return 0
        }
    }
}

/// How much of what a mixture has, in percent.
struct Mixture {
    var reads = 100
    var changesInPlace = false
    var inserts = false

    init(_ place: Place) throws {
        switch place.parameters["shape"] {
        case "A": reads = 50
        case "B": reads = 95
        case "C": break
        case "D": (reads, inserts) = (95, true)
        case "F": (reads, changesInPlace) = (50, true)
        default: throw Skip("a dictionary has no order")
        }
    }
}

/// One process's part in a mixture.
final class Mixer {
    private let mixture: Mixture
    private let dictionary: BlockDictionary
    private let order: [Int]
    private let isRead: [Bool]
    private var place = 0
    /// Of new entries: each process has its own.
    private var newest: Int
    private let step: Int
    private let entries: Int

    init(_ mixture: Mixture, _ dictionary: BlockDictionary, entries: Int, index: Int, processes: Int) {
        self.mixture = mixture
        self.dictionary = dictionary
        self.entries = entries
        order = Order.zipfian(entries, seed: UInt64(index) * 7919 + 88_172_645_463_325_252)
        isRead = Order.choices(mixture.reads, seed: UInt64(index) + 1)
        newest = entries + index
        step = processes
    }

    @inline(never)
    func run(_ count: Int) throws {
        var sum = 0
        for _ in 0..<count {
            let (entry, reads) = (order[place], isRead[place])
            place = place + 1 == order.count ? 0 : place + 1
            if mixture.inserts {
                sum &+= try latest(entry, reads)
            } else if reads {
                sum &+= try dictionary.value(for: Key16(high: entry))?.a ?? 0
            } else if mixture.changesInPlace {
                try dictionary.update(Key16(high: entry)) { $0?.a &+= 1 }
            } else {
                try dictionary.set(Block64(a: entry), for: Key16(high: entry))
            }
        }
        sink(sum)
    }

    /// Reads what came last, mostly, and adds to it.
    private func latest(_ entry: Int, _ reads: Bool) throws -> Int {
        guard reads else {
            newest += step
            try dictionary.set(Block64(a: newest), for: Key16(high: newest))
            return 0
        }
        let back = entry % min(entries, 1000)
        let key = newest - back * step
        return try dictionary.value(for: Key16(high: key >= entries ? key : entry))?.a ?? 0
    }
}

enum DictionaryLoops {
    @inline(never)
    static func get(_ keys: ArraySlice<Int>, from dictionary: BlockDictionary) throws {
        var sum = 0
        for key in keys {
            guard let block = try dictionary.value(for: Key16(high: key)) else { throw Skip("an entry is missing") }
            sum &+= block.a &+ block.h
        }
        sink(sum)
    }

    @inline(never)
    static func set(_ keys: ArraySlice<Int>, in dictionary: BlockDictionary) throws {
        for key in keys { try dictionary.set(Block64(a: key), for: Key16(high: key)) }
    }
}

import CBareLMDB
import Cellar
import Glibc

/// Sixteen bytes, as the key of an entry.
struct Key16: BitwiseCopyable, Sendable { var high = 0, low = 0 }

/// Dictionaries of plain keys of 16 bytes and values of 64, beside LMDB's get of the same sizes among as many entries.
struct DictionaryRows {
    let path: String
    let entries: Int
    let rounds: Int
    let largePages: Bool

    func rows() throws -> [Row] {
        let peerPath = path + "-peer"
        unsafe mkdir(peerPath, 0o700)
        defer { for file in ["data.mdb", "lock.mdb", ""] { _ = unsafe remove("\(peerPath)/\(file)") } }
        guard let peer = unsafe bare_lmdb_open(peerPath) else { fatalError("LMDB does not open") }
        guard unsafe bare_lmdb_load(peer, entries) == 0 else { fatalError("LMDB does not load") }
        var options = Store.Options()
        options.checkpointInterval = .seconds(3600)
        options.prefersLargePages = largePages
        let store = try Store.open(path, options)
        defer { store.close() }
        let before = try store.statistics().segment!.used
        let dictionary = try store.dictionary(
            "dictionary", keys: Key16.self, values: Block64.self, persistence: .volatile)
        for index in 0..<entries { try dictionary.set(Block64(a: index), for: Key16(high: index, low: 7)) }
        let bytes = Double(try store.statistics().segment!.used - before) / Double(entries) - 80
        var rows = [
            Row(
                name: "dictionary bytes an entry beside key and value", figure: "\(short(bytes)) B", limit: 64,
                value: bytes)
        ]
        print(rows[0].line)
        let order = (0..<entries).shuffled().prefix(50_000).map { $0 }
        let numbers = order.map { UInt32($0) }
        let get = Comparison(
            name: "dictionary get, random, of \(entries)", limit: 1.0 / 3,
            ours: { time(order.count) { DictionaryWork.get(order, from: dictionary) } },
            bare: {
                time(numbers.count) {
                    unsafe numbers.withUnsafeBufferPointer {
                        sink(Int(truncatingIfNeeded: unsafe bare_lmdb_get(peer, $0.baseAddress!, $0.count)))
                    }
                }
            }
        ).run(rounds: rounds)
        print(get.line)
        rows.append(get)
        rows.append(
            Row(name: "dictionary get, absolute", figure: "\(short(get.value)) ns", limit: 150, value: get.value))
        var samples = Samples()
        for _ in 0..<rounds { samples.add(time(order.count) { DictionaryWork.set(order, in: dictionary) }) }
        let set = samples.median
        rows.append(Row(name: "dictionary set, random", figure: "\(short(set)) ns", limit: 400, value: set))
        for row in rows.suffix(2) { print(row.line) }
        return rows
    }
}

enum DictionaryWork {
    @inline(never)
    static func get(_ keys: [Int], from dictionary: SharedDictionary<Key16, Block64>) {
        var sum = 0
        for key in keys {
            guard let block = try? dictionary[Key16(high: key, low: 7)] else { fatalError("not found") }
            sum &+= block.a &+ block.h
        }
        sink(sum)
    }

    @inline(never)
    static func set(_ keys: [Int], in dictionary: SharedDictionary<Key16, Block64>) {
        for key in keys { try? dictionary.set(Block64(a: key), for: Key16(high: key, low: 7)) }
    }
}

import Cellar

/// Accounts of all kinds, between which money is moved in transactions: however many do, and whoever is killed at it, there is
/// always the same money.
public struct Bank: Sendable {
    private let store: Store
    private let values: [SharedValue<Int>]
    private let blocks: [SharedValue<Checksummed>]
    private let elements: SharedArray<Int32>
    private let entries: SharedDictionary<Int, Int>
    private let names: SharedDictionary<String, String>
    private let rows: SharedTable<Int, Int>

    private static let valueCount = 600
    private static let blockCount = 100
    private static let elementCount = 300
    private static let entryCount = 200
    private static let nameCount = 100
    private static let rowCount = 100
    /// Money that every account begins with.
    private static let start = 100
    private static let accountCount = valueCount + blockCount + elementCount + entryCount + nameCount + rowCount
    public static let total = accountCount * start

    /// The bank of a store, founded if there is none.
    public init(_ store: Store) throws {
        self.store = store
        values = try (0..<Self.valueCount).map { try store.value("account \($0)", initial: Self.start) }
        blocks = try (0..<Self.blockCount).map {
            try store.value("block \($0)", initial: Checksummed(number: UInt64(Self.start)))
        }
        elements = try store.array("elements", count: Self.elementCount)
        entries = try store.dictionary("entries", keys: Int.self, values: Int.self)
        names = try store.dictionary("names", keys: String.self, values: String.self)
        rows = try store.table("rows", keys: Int.self, values: Int.self)
        let founded = try store.value("founded", initial: false)
        try store.transaction { tx in
            if try tx.load(founded) { return }
            for index in 0..<Self.elementCount { try tx.store(Int32(Self.start), to: elements, at: index) }
            for key in 0..<Self.entryCount { try tx.set(Self.start, for: key, in: entries) }
            for key in 0..<Self.nameCount { try tx.set(Self.text(Self.start), for: "name \(key)", in: names) }
            for key in 0..<Self.rowCount { try tx.set(Self.start, for: key, in: rows) }
            try tx.store(true, to: founded)
        }
    }

    /// As many letters as there is money.
    private static func text(_ amount: Int) -> String { String(repeating: "x", count: amount) }

    // MARK: Moving

    /// Moves some money from one account to another; of tables' rows more rarely, since that waits for the disk.
    public func move(_ random: inout SeededRandom) throws {
        let range = 0..<Self.accountCount - (random.next() % 32 == 0 ? 0 : Self.rowCount)
        let (from, to) = (Int.random(in: range, using: &random), Int.random(in: range, using: &random))
        let amount = Int.random(in: 1...20, using: &random)
        if from == to { return }
        try store.transaction(durability: random.next() % 64 == 0 ? .disk : .memory) { tx in
            let (left, right) = (try balance(from, tx), try balance(to, tx))
            guard left >= amount, right < 1000 else { return }
            try set(from, left - amount, tx)
            try set(to, right + amount, tx)
        }
    }

    private enum Account {
        case value(Int)
        case block(Int)
        case element(Int)
        case entry(Int)
        case name(Int)
        case row(Int)

        init(_ number: Int) {
            var left = number
            for (count, make) in [
                (valueCount, Account.value), (blockCount, Account.block), (elementCount, Account.element),
                (entryCount, Account.entry), (nameCount, Account.name), (rowCount, Account.row),
            ] as [(Int, (Int) -> Account)] {
                if left < count {
                    self = make(left)
                    return
                }
                left -= count
            }
            fatalError("there is no account \(number)")
        }
    }

    private func balance(_ account: Int, _ tx: borrowing Transaction) throws -> Int {
        switch Account(account) {
        case .value(let index): try tx.load(values[index])
        case .block(let index): Int(try tx.load(blocks[index]).number)
        case .element(let index): Int(try tx.load(elements, at: index))
        case .entry(let key): try tx.value(for: key, in: entries) ?? 0
        case .name(let key): try tx.value(for: "name \(key)", in: names)?.utf8.count ?? 0
        case .row(let key): try tx.value(for: key, in: rows) ?? 0
        }
    }

    private func set(_ account: Int, _ amount: Int, _ tx: borrowing Transaction) throws {
        switch Account(account) {
        case .value(let index): try tx.store(amount, to: values[index])
        case .block(let index): try tx.store(Checksummed(number: UInt64(amount)), to: blocks[index])
        case .element(let index): try tx.store(Int32(amount), to: elements, at: index)
        // An account without money is none.
        case .entry(let key) where amount == 0: try tx.removeValue(for: key, in: entries)
        case .entry(let key): try tx.set(amount, for: key, in: entries)
        case .name(let key) where amount == 0: try tx.removeValue(for: "name \(key)", in: names)
        case .name(let key): try tx.set(Self.text(amount), for: "name \(key)", in: names)
        case .row(let key): try tx.set(amount, for: key, in: rows)
        }
    }

    // MARK: Counting

    /// All money, as of one instant.
    public func sum() throws -> Int {
        try store.snapshot(timeout: .seconds(30)) { snapshot in
            var sum = 0
            for value in values { sum += try snapshot.load(value) }
            for block in blocks {
                let block = try snapshot.load(block)
                sum += block.isWhole ? Int(block.number) : -1_000_000
            }
            for index in 0..<Self.elementCount { sum += Int(try snapshot.load(elements, at: index)) }
            for key in 0..<Self.entryCount { sum += try snapshot.value(for: key, in: entries) ?? 0 }
            for key in 0..<Self.nameCount { sum += try snapshot.value(for: "name \(key)", in: names)?.utf8.count ?? 0 }
            return sum
                + (try snapshot.read(rows) { (rows) throws(StoreError) in
                    var sum = 0
                    try rows.forEach { (entry) throws(StoreError) in
                        sum += try entry.value()
                        return true
                    }
                    return sum
                })
        }
    }
}

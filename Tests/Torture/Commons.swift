import Cellar
import CellarTestSupport

/// What all workers work on together.
struct Commons {
    static let accounts = 500
    static let total = 1_000_000

    let counter: SharedValue<Int>
    let locked: SharedValue<Triple>
    let block: SharedValue<Checksummed>
    let accounts: SharedArray<Int>
    let queue: CommonQueue
    let locks: CommonLocks
    private let store: Store
    private let purses: SharedDictionary<Int, Int>
    private let debt: SharedValue<Int>

    init(_ store: Store) throws {
        counter = try store.value("common/counter", initial: 0)
        locked = try store.value("common/locked", initial: Triple(0))
        block = try store.value("common/block", initial: Checksummed(number: 1))
        accounts = try store.array("common/accounts", of: Int.self, count: Self.accounts)
        queue = try CommonQueue(store)
        locks = try CommonLocks(store)
        self.store = store
        purses = try store.dictionary("common/purses")
        debt = try store.value("common/debt", initial: 0)
    }

    /// Puts the total into the first account, once for all.
    func begin() throws {
        try accounts.update { if $0[0] == 0 { $0[0] = Self.total } }
    }

    func move(_ amount: Int, from: Int, to: Int) throws {
        try accounts.update { span in
            span[from] -= amount
            span[to] += amount
        }
    }

    static let purses = 100

    /// Lends some money to a purse: what the purses have is what is owed.
    func lend(_ amount: Int, to purse: Int) throws {
        try store.transaction { tx in
            let money = try tx.value(for: purse, in: purses) ?? 0
            try tx.store(try tx.load(debt) + amount, to: debt)
            try tx.set(money + amount, for: purse, in: purses)
        }
    }

    private func debtFault() throws -> String? {
        let (owed, money) = try store.snapshot(timeout: .seconds(25)) { snapshot in
            var money = 0
            for purse in 0..<Self.purses { money += try snapshot.value(for: purse, in: purses) ?? 0 }
            return (try snapshot.load(debt), money)
        }
        return owed == money ? nil : "the purses, which hold \(money) and not \(owed)"
    }

    /// What is wrong, seen without a lock while others work.
    func fault() throws -> String? {
        let block = try block.load()
        if !block.isWhole { return "the common block \(block.number)" }
        let locked = try locked.load()
        if !locked.isWhole { return "the common triple \(locked)" }
        let sum = try accounts.values().reduce(0, &+)
        if sum != Self.total { return "the accounts, which hold \(sum)" }
        if let fault = try debtFault() { return fault }
        return try queue.fault()
    }
}

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

    init(_ store: Store) throws {
        counter = try store.value("common/counter", initial: 0)
        locked = try store.value("common/locked", initial: Triple(0))
        block = try store.value("common/block", initial: Checksummed(number: 1))
        accounts = try store.array("common/accounts", of: Int.self, count: Self.accounts)
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

    /// What is wrong, seen without a lock while others work.
    func fault() throws -> String? {
        let block = try block.load()
        if !block.isWhole { return "the common block \(block.number)" }
        let locked = try locked.load()
        if !locked.isWhole { return "the common triple \(locked)" }
        let sum = try accounts.values().reduce(0, &+)
        if sum != Self.total { return "the accounts, which hold \(sum)" }
        return nil
    }
}

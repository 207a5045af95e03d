import Cellar

/// Work in rounds, of which each changes everything, so that what is left of a store says of which round it is, and
/// whether all of it is of the same one.
public struct PowerLossRounds {
    public struct Broken: Error, CustomStringConvertible {
        public let description: String
        public init(_ description: String) { self.description = description }
    }

    private let store: Store
    private let word: SharedValue<Int>
    private let block: SharedValue<Checksummed>
    private let cells: SharedArray<Int>
    private static let count = 20_000

    public init(_ store: Store) throws {
        self.store = store
        word = try store.value("word", initial: 0)
        block = try store.value("block", initial: Checksummed(number: 0))
        cells = try store.array("cells", count: Self.count)
    }

    public func write(_ number: Int) throws {
        word.store(number)
        try block.store(Checksummed(number: UInt64(number)))
        try cells.fill(number)
        _ = try store.value("of round \(number)", initial: number)
        if number % 3 == 1, number > 1 {
            try store.rename("of round \(number - 1)", to: "renamed")
            try store.remove("renamed")
        } else if number > 1 {
            try store.remove("of round \(number - 1)")
        }
    }

    /// The round that a store at rest is of; 0 for one that is not there, or has nothing in it yet.
    public static func read(_ path: String) throws -> Int {
        let store: Store
        do throws(StoreError) { store = try Store.open(path, .readOnly) } catch {
            if error.code == .noSuchStore { return 0 }
            throw error
        }
        defer { store.close() }
        return try read(store)
    }

    public static func read(_ store: Store) throws -> Int {
        let names = try store.cells().map(\.name)
        if names.isEmpty { return 0 }
        let fixed: Set<String> = ["block", "cells", "word"]
        // The first checkpoint comes at once, whatever is there by then.
        if fixed.isSuperset(of: names), names.count < fixed.count { return 0 }
        guard fixed.isSubset(of: names) else { throw Broken("it has only \(names)") }
        let number = try store.value("word", of: Int.self).load()
        let block = try store.value("block", of: Checksummed.self).load()
        guard number == 0 || block.isWhole, block.number == UInt64(number) else {
            throw Broken("the block is of \(block.number), the word of \(number)")
        }
        let cells = try store.array("cells", of: Int.self).values()
        guard cells.count == count, cells.allSatisfy({ $0 == number }) else {
            throw Broken("the array is not of \(number)")
        }
        let others = names.filter { !fixed.contains($0) }
        guard others == (number == 0 ? [] : ["of round \(number)"]) else {
            throw Broken("round \(number) has the cells \(others)")
        }
        if number > 0, try store.value("of round \(number)", of: Int.self).load() != number {
            throw Broken("the cell of round \(number) has another value")
        }
        return number
    }
}

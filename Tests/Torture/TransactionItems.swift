import Cellar
import CellarTestSupport

/// Things of one worker's own that go from state to state together.
extension Item {
    /// A word, a block, an element of each kind and two entries.
    private struct Group {
        let store: Store
        let name: String
        let word: SharedValue<Int>
        let block: SharedValue<Checksummed>
        let elements: SharedArray<Int>
        let triples: SharedArray<Triple>
        let sums: SharedDictionary<String, Int>
        let texts: SharedDictionary<String, String>

        init(_ store: Store, _ name: String) throws {
            self.store = store
            self.name = name
            word = try store.value(name + "/word", initial: 0)
            block = try store.value(name + "/block", initial: Checksummed(number: 0))
            elements = try store.array(name + "/elements", count: 3000)
            triples = try store.array(name + "/triples", count: 3000)
            sums = try store.dictionary("dictionary of sums")
            texts = try store.dictionary("dictionary of texts")
        }

        private static func text(_ number: Int) -> String {
            "\(number) " + String(repeating: "t", count: number * 37 % 700)
        }

        func advance(to number: Int, _ tx: borrowing Transaction) throws {
            try tx.store(number, to: word)
            try tx.store(Checksummed(number: UInt64(number)), to: block)
            try tx.store(number, to: elements, at: 17)
            try tx.store(Triple(number), to: triples, at: 2730)
            try tx.set(number, for: name, in: sums)
            try tx.set(Self.text(number), for: name, in: texts)
        }

        /// The states that its parts are in: one, if all is well. Nil for a part that is torn.
        func states(_ snapshot: borrowing Snapshot) throws -> Set<Int?> {
            let (block, triple) = (try snapshot.load(block), try snapshot.load(triples, at: 2730))
            var states: Set<Int?> = [try snapshot.load(word), try snapshot.load(elements, at: 17)]
            states.insert(block.isWhole ? Int(block.number) : nil)
            states.insert(triple.isWhole ? triple.first : nil)
            states.insert(try snapshot.value(for: name, in: sums) ?? 0)
            let text = try snapshot.value(for: name, in: texts) ?? Self.text(0)
            let number = text.split(separator: " ").first.flatMap { Int($0) }
            states.insert(number.flatMap { Self.text($0) == text ? $0 : nil })
            return states
        }
    }

    private static func look(_ states: Set<Int?>) -> Look {
        guard states.count == 1, let state = states.first, let state else {
            return .torn("in the states \(states.map { $0.map(String.init) ?? "torn" })")
        }
        return .number(state)
    }

    fileprivate static func rows(_ store: Store) throws(StoreError) -> SharedTable<String, Int> {
        try store.table("rows")
    }

    static func transaction(_ name: String) -> Item {
        Item(name: name) { store, number in
            let group = try Group(store, name)
            try store.transaction { tx in try group.advance(to: number, tx) }
        } look: { store in
            let group = try Group(store, name)
            return look(try store.snapshot { try group.states($0) })
        }
    }

    /// The same with a table's row, and so on disk at once.
    static func durableTransaction(_ name: String) -> Item {
        var item = Item(name: name) { store, number in
            let (group, rows) = (try Group(store, name), try rows(store))
            try store.transaction { tx in
                try group.advance(to: number, tx)
                try tx.set(number, for: name, in: rows)
            }
        } look: { store in
            let (group, rows) = (try Group(store, name), try rows(store))
            return look(
                try store.snapshot { snapshot in
                    try group.states(snapshot).union([try snapshot.value(for: name, in: rows) ?? 0])
                })
        }
        item.isDurable = true
        return item
    }
}

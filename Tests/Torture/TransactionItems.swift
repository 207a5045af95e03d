import Cellar
import CellarTestSupport

/// Things of one worker's own that go from state to state together.
extension Item {
    static func transaction(_ name: String) -> Item { together(name, rows: false) }

    /// The same with a table's row, and so on disk at once.
    static func durableTransaction(_ name: String) -> Item {
        var item = together(name, rows: true)
        item.isDurable = true
        return item
    }

    private static func together(_ name: String, rows: Bool) -> Item {
        Item(name: name) { store, number in
            let things = try VersionedThings(store, name)
            try store.transaction { tx in try things.change(tx, to: number, rows: rows) }
        } look: { store in
            let things = try VersionedThings(store, name)
            let states = try store.snapshot { try things.versions($0, rows: rows) }
            guard states.count == 1, let state = states.first, let state else {
                return .torn("in the states \(states.map { $0.map(String.init) ?? "torn" })")
            }
            return .number(state)
        }
    }
}

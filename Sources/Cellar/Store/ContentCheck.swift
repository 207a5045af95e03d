/// Looks whether what tables, lists, logs and queues hold is of their types: where pages, records and memory are whole.
struct ContentCheck {
    /// Open to look.
    let store: Store
    private(set) var findings: [StoreFinding] = []
    private(set) var counts: [StoreCount] = []

    init(store: Store) { self.store = store }

    mutating func run() throws(StoreError) {
        try checkTables()
        let cells = try store.cells()
        try checkLists(cells)
        try checkLogs(cells)
        try checkQueues(cells)
    }

    private mutating func checkTables() throws(StoreError) {
        var count = 0
        do throws(StoreError) {
            for table in try store.tables() {
                count += try look("tables", table.name) { [store] () throws(StoreError) in
                    try store.untypedTable(table.name).check()
                }
            }
        } catch {
            guard error.code == .corruptDatabase else { throw error }
            note("tables", error.message)
        }
        counts.append(StoreCount(structure: "tables", count: count, unit: "entries"))
    }

    private mutating func checkLists(_ cells: [CellInfo]) throws(StoreError) {
        var count = 0
        for cell in cells where cell.kind == .list {
            count += try look("lists", cell.name) { [store] () throws(StoreError) in
                try store.untypedList(cell.name).check()
            }
        }
        if count > 0 { counts.append(StoreCount(structure: "lists", count: count, unit: "elements")) }
    }

    private mutating func checkLogs(_ cells: [CellInfo]) throws(StoreError) {
        var count = 0
        for cell in cells where cell.kind == .log {
            count += try look("logs", cell.name) { [store] () throws(StoreError) in
                try store.untypedLog(cell.name).check()
            }
        }
        if count > 0 { counts.append(StoreCount(structure: "logs", count: count, unit: "entries")) }
    }

    /// The items that only the disk has: those in memory were looked at there.
    private mutating func checkQueues(_ cells: [CellInfo]) throws(StoreError) {
        for cell in cells where cell.kind == .queue && !cell.isInMemory {
            _ = try look("queues", cell.name) { [store] () throws(StoreError) in
                var faults = ContentFaults(of: cell.name)
                guard case .disk(let image) = try store.untypedQueue(cell.name).source else { return faults }
                for fault in image.faults { faults.add("on disk \(fault)") }
                return faults
            }
        }
    }

    /// Notes what is wrong with one structure; returns how much of it was looked at.
    private mutating func look(
        _ structure: String, _ name: String, _ body: () throws(StoreError) -> ContentFaults
    ) throws(StoreError) -> Int {
        do throws(StoreError) {
            let faults = try body()
            for text in faults.texts { note(structure, text) }
            return faults.count
        } catch {
            switch error.code {
            case .invalidValue, .corruptSegment, .corruptDatabase: note(structure, "'\(name)': \(error.message)")
            // It was there a moment ago, or is another by now, or changed each time that it was read.
            case .noSuchCell, .removed, .mismatch, .timedOut, .readOnly: break
            default: throw error
            }
            return 0
        }
    }

    private mutating func note(_ structure: String, _ text: String) {
        findings.append(StoreFinding(kind: .damaged, structure: structure, text: text))
    }
}

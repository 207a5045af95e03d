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
        let (lists, logs) = (cells.filter { $0.kind == .list }, cells.filter { $0.kind == .log })
        try check("lists", of: "elements", lists) { [store] name throws(StoreError) in
            try store.untypedList(name).check()
        }
        try check("logs", of: "entries", logs) { [store] name throws(StoreError) in
            try store.untypedLog(name).check()
        }
        // Those in memory were looked at there.
        let queues = cells.filter { $0.kind == .queue && !$0.isInMemory }
        try check("queues", of: nil, queues) { [store] name throws(StoreError) in
            Self.faults(try store.untypedQueue(name))
        }
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

    /// Looks at each of the cells, in memory or on disk, and counts what is in them, where it has a name.
    private mutating func check(
        _ structure: String, of unit: String?, _ cells: [CellInfo],
        _ body: (String) throws(StoreError) -> ContentFaults
    ) throws(StoreError) {
        var count = 0
        for cell in cells {
            count += try look(structure, cell.name) { () throws(StoreError) in try body(cell.name) }
        }
        if let unit, count > 0 { counts.append(StoreCount(structure: structure, count: count, unit: unit)) }
    }

    private static func faults(_ queue: UntypedQueue) -> ContentFaults {
        var faults = ContentFaults(of: queue.info.name)
        guard case .disk(let image) = queue.source else { return faults }
        for fault in image.faults { faults.add("on disk \(fault)") }
        return faults
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

extension Store {
    /// What a check of a store found.
    public struct CheckReport: Sendable {
        /// What is wrong; empty for a store that is whole.
        public let findings: [StoreFinding]
        /// How much was looked at, by structure.
        public let counts: [StoreCount]
        /// Whether nothing is damaged and nothing unfinished. Wasted memory is no harm.
        public var isWhole: Bool { findings.allSatisfy { $0.kind == .wasted } }
    }

    /// Looks at every structure of the store at `path`, in memory and on disk, and says in words what is wrong.
    ///
    /// Changes nothing, takes no lock, and bears whatever the bytes say. Others may use the store meanwhile: what looks
    /// wrong only because it was being changed is looked at again. O(cells + pages); some milliseconds for a small store.
    ///
    /// Throws only where it cannot look: `.noSuchStore`, `.notAStore`, `.permissionDenied`, `.segmentElsewhere`,
    /// `.incompatible`.
    public static func check(_ path: String) throws(StoreError) -> CheckReport {
        let look = try StoreChecking(directory: try StoreDirectory(existing: path)).run()
        guard look.findings.allSatisfy({ $0.kind != .damaged }) else {
            return CheckReport(findings: look.findings, counts: look.counts)
        }
        let tables = try checkTables(path)
        let sequences = try checkSequences(path)
        return CheckReport(
            findings: look.findings + tables.findings + sequences.findings + (try checkQueues(path)),
            counts: look.counts + [tables.count] + sequences.counts)
    }

    /// Elements of lists and entries of logs that are in memory: whether they are values of their types.
    private static func checkSequences(_ path: String) throws(StoreError) -> (
        findings: [StoreFinding], counts: [StoreCount]
    ) {
        let store = try Store.open(path, .readOnly)
        defer { store.close() }
        var findings: [StoreFinding] = []
        var counts = ["lists": 0, "logs": 0]
        for cell in try store.cells() where cell.isInMemory && (cell.kind == .list || cell.kind == .log) {
            let structure = cell.kind == .list ? "lists" : "logs"
            do throws(StoreError) {
                counts[structure]! += try cell.kind == .list ? store.checkList(cell.name) : store.checkLog(cell.name)
            } catch {
                guard [.invalidValue, .corruptSegment].contains(error.code) else {
                    // It was there a moment ago, or changed each time that it was read.
                    if [.noSuchCell, .removed, .mismatch, .timedOut].contains(error.code) { continue }
                    throw error
                }
                let text = "'\(cell.name)': \(error.message)"
                findings.append(StoreFinding(kind: .damaged, structure: structure, text: text))
            }
        }
        let found = counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        return (
            findings,
            found.map {
                StoreCount(structure: $0.key, count: $0.value, unit: $0.key == "lists" ? "elements" : "entries")
            }
        )
    }

    private func checkList(_ name: String) throws(StoreError) -> Int { try untypedList(name).elements().count }

    private func checkLog(_ name: String) throws(StoreError) -> Int {
        var count = 0
        try untypedLog(name).forEach { (_, _, _) throws(StoreError) in
            count += 1
            return true
        }
        return count
    }

    /// The items of queues that only the disk has: those in memory were looked at there.
    private static func checkQueues(_ path: String) throws(StoreError) -> [StoreFinding] {
        let store = try Store.open(path, .readOnly)
        defer { store.close() }
        var findings: [StoreFinding] = []
        for cell in try store.cells() where cell.kind == .queue && !cell.isInMemory {
            do throws(StoreError) {
                guard case .disk(let image) = try store.untypedQueue(cell.name).source else { continue }
                findings += image.faults.map {
                    StoreFinding(kind: .damaged, structure: "queues", text: "'\(cell.name)' on disk \($0)")
                }
            } catch {
                // It was there a moment ago.
                if error.code != .noSuchCell, error.code != .removed { throw error }
            }
        }
        return findings
    }

    /// Whether keys and values of all tables are what their records say: where pages and records are whole.
    private static func checkTables(_ path: String) throws(StoreError) -> (findings: [StoreFinding], count: StoreCount)
    {
        let store = try Store.open(path, .readOnly)
        defer { store.close() }
        var faults: [String] = []
        var entries = 0
        do throws(StoreError) {
            for table in try store.tables() {
                do throws(StoreError) {
                    let found = try store.untypedTable(table.name).check()
                    faults += found.faults
                    entries += found.entries
                } catch {
                    // It was there a moment ago: others may have removed or renamed it.
                    if error.code != .noSuchCell, error.code != .removed { throw error }
                }
            }
        } catch {
            guard error.code == .corruptDatabase else { throw error }
            faults.append(error.message)
        }
        return (
            faults.map { StoreFinding(kind: .damaged, structure: "tables", text: $0) },
            StoreCount(structure: "tables", count: entries, unit: "entries")
        )
    }

    /// Does at once what those who use the store next would do by and by: finishes or undoes what processes that died were
    /// at, frees their places, makes their locks usable. Then checks, and returns what is still wrong.
    ///
    /// It never guesses: what is damaged stays so (see `discardSegment(of:)`, which goes back to the last checkpoint), and
    /// an array that was half written in place waits for somebody who knows what belongs there.
    ///
    /// Waits for each lock, and for the disk, as long as `timeout`. Throws as `open` and `sync` do.
    public static func repair(
        _ path: String, timeout: Duration = .seconds(30)
    ) throws(StoreError) -> CheckReport {
        var options = Options()
        options.creates = false
        let store = try Store.open(path, options)
        do throws(StoreError) { try StoreChecking.repair(store.attachment, timeout: timeout) } catch {
            store.close()
            throw error
        }
        store.close()
        return try check(path)
    }
}

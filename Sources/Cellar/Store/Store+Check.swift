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
    /// wrong only because it was being changed is looked at again. O(what the store holds); some milliseconds for a small store.
    ///
    /// Throws only where it cannot look: `.noSuchStore`, `.notAStore`, `.permissionDenied`, `.segmentElsewhere`,
    /// `.incompatible`.
    public static func check(_ path: String) throws(StoreError) -> CheckReport {
        let look = try StoreChecking(directory: try StoreDirectory(existing: path)).run()
        guard look.findings.allSatisfy({ $0.kind != .damaged }) else {
            return CheckReport(findings: look.findings, counts: look.counts)
        }
        let store = try Store.open(path, .readOnly)
        defer { store.close() }
        var content = ContentCheck(store: store)
        try content.run()
        return CheckReport(findings: look.findings + content.findings, counts: look.counts + content.counts)
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

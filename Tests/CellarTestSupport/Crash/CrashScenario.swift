import Cellar
import Glibc

/// An operation during which processes are killed or stopped, and what must hold afterwards.
///
/// The state of a store is told as a number: how much of the operation is there. `done` says the number after all of it.
public struct CrashScenario: Sendable {
    /// What must never be seen.
    public struct Wrong: Error, CustomStringConvertible {
        public let description: String
        public init(_ description: String) { self.description = description }
    }

    public let name: String
    /// Sets the scene at a path where there is nothing.
    public let prepare: @Sendable (_ path: String) throws -> Void
    /// Does it, or what is missing of it; calls `arm` when the steps that matter begin.
    public let operate: @Sendable (_ path: String, _ arm: () -> Void) throws -> Void
    /// How much of it is there. Mends what a dead process left, as the next process would; throws `Wrong`.
    public let state: @Sendable (_ path: String) throws -> Int
    public let done: Int
    /// Whether the crash takes the memory along: what is on disk must be whole by itself.
    public let takesMemory: Bool
    /// Whether all of it comes back from disk.
    public let isPersistent: Bool

    public init(
        _ name: String, done: Int = 1, takesMemory: Bool = false, isPersistent: Bool = true,
        prepare: @escaping @Sendable (String) throws -> Void,
        operate: @escaping @Sendable (String, () -> Void) throws -> Void,
        state: @escaping @Sendable (String) throws -> Int
    ) {
        self.name = name
        self.done = done
        self.takesMemory = takesMemory
        self.isPersistent = isPersistent
        self.prepare = prepare
        self.operate = operate
        self.state = state
    }

    /// An operation on a store that is open, among cells that it must leave alone.
    static func on(
        _ name: String, done: Int = 1, takesMemory: Bool = false, isPersistent: Bool = true,
        prepare: @escaping @Sendable (Store) throws -> Void,
        operate: @escaping @Sendable (Store) throws -> Void,
        state: @escaping @Sendable (Store) throws -> Int
    ) -> CrashScenario {
        CrashScenario(name, done: done, takesMemory: takesMemory, isPersistent: isPersistent) { path in
            try withStore(path) { store in
                try Bystanders.make(in: store)
                try prepare(store)
                try store.sync()
            }
        } operate: { path, arm in
            try withStore(path) { store in
                arm()
                try operate(store)
            }
        } state: { path in
            try withStore(path) { store in
                try Bystanders.check(in: store)
                return try state(store)
            }
        }
    }

    public static let all: [CrashScenario] =
        values + arrays + catalogue + durability + stores + tables + dictionaries
        + transactions + queues + logs + lists + syncs + keeping

    /// All, or those whose names have the text that `CELLAR_CRASH_SCENARIOS` is set to, for work on a few.
    public static var chosen: [CrashScenario] {
        guard let part = unsafe getenv("CELLAR_CRASH_SCENARIOS").map({ unsafe String(cString: $0) }) else { return all }
        return all.filter { $0.name.contains(part) }
    }

    // MARK: Afterwards

    /// What the next process finds: all of it whole, and usable. Returns how much of the operation was there.
    @discardableResult
    public func examine(_ path: String) throws -> Int {
        try check(path, afterwards: false)
        if takesMemory { try dropMemory(path) }
        let found = try state(path)
        guard (0...done).contains(found) else { throw Wrong("its state is \(found)") }
        if isPersistent {
            try saveAndReboot(path)
            try expect(found, path, "after it was saved and the memory dropped")
        }
        try operate(path) {}
        try expect(done, path, "after it was done again")
        if isPersistent {
            try saveAndReboot(path)
            try expect(done, path, "after it was done again, saved, and the memory dropped")
        }
        try check(path, afterwards: true)
        return found
    }

    /// A crash damages nothing, and leaves nothing that those who came next did not put right.
    private func check(_ path: String, afterwards: Bool) throws {
        guard Files.exists(path + "/data.mdb") else { return }
        if afterwards { try withStore(path) { store in try store.sync(timeout: .seconds(10)) } }
        let report: Store.CheckReport
        do { report = try Store.check(path) } catch {
            // The first transaction was not committed: there is no store yet.
            if error.code == .noSuchStore, !afterwards { return }
            throw error
        }
        let wrong = report.findings.filter { $0.kind == .damaged || afterwards && $0.kind == .unfinished }
        if !wrong.isEmpty {
            throw Wrong(
                "\(afterwards ? "mended" : "crashed"), it is \(wrong.map { "\($0.kind): \($0.structure): \($0.text)" })"
            )
        }
    }

    private func expect(_ wanted: Int, _ path: String, _ when: String) throws {
        let found = try state(path)
        if found != wanted { throw Wrong("its state is \(found) and not \(wanted) \(when)") }
    }

    private func saveAndReboot(_ path: String) throws {
        guard Files.exists(path + "/data.mdb") else { return }
        try withStore(path) { store in try store.sync(timeout: .seconds(10)) }
        try dropMemory(path)
    }

    private func dropMemory(_ path: String) throws {
        guard Files.exists(path + "/data.mdb") else { return }
        try Store.discardSegment(of: path)
    }
}

/// Opens the store, without checkpoints but those asked for, for as long as `body` runs.
func withStore<Result>(
    _ path: String, lockTimeout: Duration = .seconds(10), _ body: (Store) throws -> Result
) throws -> Result {
    var options = Store.Options()
    options.checkpointInterval = .seconds(3600)
    options.lockTimeout = lockTimeout
    let store = try Store.open(path, options)
    defer { store.close() }
    return try body(store)
}

/// Cells that have nothing to do with what is going on, and must stay as they are.
public enum Bystanders {
    static func make(in store: Store) throws {
        _ = try store.value("bystander word", initial: 7)
        _ = try store.value("bystander block", initial: Checksummed(number: 7))
        try store.array("bystander array", of: Int.self, count: 1000).fill(7)
    }

    static func check(in store: Store) throws {
        guard try store.value("bystander word", of: Int.self).load() == 7 else {
            throw CrashScenario.Wrong("a word changed")
        }
        let block = try store.value("bystander block", of: Checksummed.self).load()
        guard block.isWhole, block.number == 7 else { throw CrashScenario.Wrong("a block changed") }
        guard try store.array("bystander array", of: Int.self).values().allSatisfy({ $0 == 7 }) else {
            throw CrashScenario.Wrong("an array changed")
        }
        let listed = try store.cells().map(\.name)
        guard Set(listed).count == listed.count else { throw CrashScenario.Wrong("a name is listed twice") }
    }

    /// What another process can do while one is stopped in the middle of something: anything, or learn in time that it
    /// cannot.
    public static func tryBeside(_ scenario: CrashScenario, _ path: String) throws {
        guard Files.exists(path + "/data.mdb") else { return }
        do {
            try withStore(path, lockTimeout: .milliseconds(50)) { store in
                if try store.contains("bystander word") { try store.value("bystander word", of: Int.self).store(7) }
                if try store.contains("bystander block") {
                    try store.value("bystander block", of: Checksummed.self).store(Checksummed(number: 7))
                }
                _ = try store.value("made beside", initial: 1)
                try store.sync(timeout: .milliseconds(50))
            }
        } catch let error as StoreError {
            guard [.timedOut, .inUse, .segmentElsewhere, .noSuchStore].contains(error.code) else { throw error }
        }
    }
}

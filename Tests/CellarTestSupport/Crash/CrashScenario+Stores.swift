import Cellar
import Glibc

extension CrashScenario {
    private static let count = 20_000

    // MARK: To disk

    /// Whatever a checkpoint wrote when it was killed: all of what it was about, or nothing.
    static let durability: [CrashScenario] = [
        saving("write a checkpoint") { try $0.sync() },
        saving("leave a store with changes") { $0.close() },
    ]

    private static func saving(_ name: String, _ save: @escaping @Sendable (Store) throws -> Void) -> CrashScenario {
        CrashScenario(name, takesMemory: true) { path in
            try withStore(path) { store in
                try Bystanders.make(in: store)
                try start(store)
            }
        } operate: { path, arm in
            try withStore(path) { store in
                // From here on, the next checkpoint is the one that is asked for.
                try store.sync()
                try change(store)
                arm()
                try save(store)
            }
        } state: { path in
            try withStore(path) { store in
                try Bystanders.check(in: store)
                return try saved(store)
            }
        }
    }

    private static func start(_ store: Store) throws {
        _ = try store.value("word", initial: 1)
        _ = try store.value("block", initial: Checksummed(number: 1))
        try store.array("numbers", of: Int.self, count: count).fill(1)
        _ = try store.value("removed", initial: 1)
        _ = try store.value("old name", initial: 1)
    }

    private static func change(_ store: Store) throws {
        try store.value("word", of: Int.self).store(2)
        try store.value("block", of: Checksummed.self).store(Checksummed(number: 2))
        try store.array("numbers", of: Int.self).fill(2)
        if try store.contains("removed") { try store.remove("removed") }
        if try store.contains("old name") { try store.rename("old name", to: "new name") }
        _ = try store.value("added", initial: 2)
    }

    private static func saved(_ store: Store) throws -> Int {
        let numbers = try store.array("numbers", of: Int.self).values()
        let seen = [
            try store.value("word", of: Int.self).load() == 2,
            try store.value("block", of: Checksummed.self).load().number == 2,
            numbers.allSatisfy { $0 == 2 },
            try !store.contains("removed"),
            try store.contains("new name"),
            try !store.contains("old name"),
            try store.contains("added"),
        ]
        guard Set(seen).count == 1, Set(numbers).count == 1 else {
            throw Wrong("the checkpoint is half there: \(seen)")
        }
        return seen[0] ? 1 : 0
    }

    // MARK: Whole stores

    static let stores: [CrashScenario] = [
        CrashScenario("make a store and its first cell") { _ in
        } operate: { path, arm in
            arm()
            try withStore(path) { store in _ = try store.value("first", initial: 5) }
        } state: { path in
            guard Files.exists(path + "/data.mdb") else { return 0 }
            return try withStore(path) { store in
                guard try store.contains("first") else { return 0 }
                guard try store.value("first", of: Int.self).load() == 5 else { throw Wrong("it changed") }
                return 1
            }
        },
        looking("open a store that is in memory") { _ in },
        looking("open a store after a restart of the machine") { try Store.discardSegment(of: $0) },
        looking("open a copy of a store") { path in
            try Store.discardSegment(of: path)
            Files.copyDirectory(path, to: path + ".copy")
            try Store.remove(path)
            guard unsafe rename(path + ".copy", path) == 0 else { throw Wrong("rename: \(errno)") }
        },
        CrashScenario("remove a store") { path in
            try withStore(path) { store in _ = try store.value("word", initial: 1) }
        } operate: { path, arm in
            arm()
            if Files.exists(path) {
                do { try Store.remove(path) } catch let error as StoreError {
                    if error.code != .noSuchStore { throw error }
                }
            }
        } state: { path in
            guard Files.exists(path + "/data.mdb") else { return 1 }
            return try withStore(path) { store in
                guard try store.value("word", of: Int.self).load() == 1 else { throw Wrong("it changed") }
                return 0
            }
        },
        CrashScenario("drop the memory of a store") { path in
            try withStore(path) { store in try Bystanders.make(in: store) }
        } operate: { path, arm in
            arm()
            try Store.discardSegment(of: path)
        } state: { path in
            try withStore(path) { store in try Bystanders.check(in: store) }
            return 1
        },
    ]

    /// Opening it, looking at everything, and leaving it changes nothing.
    private static func looking(_ name: String, _ prepare: @escaping @Sendable (String) throws -> Void) -> CrashScenario
    {
        CrashScenario(name) { path in
            try withStore(path) { store in
                try Bystanders.make(in: store)
                try store.sync()
            }
            try prepare(path)
        } operate: { path, arm in
            arm()
            try withStore(path) { store in try Bystanders.check(in: store) }
        } state: { path in
            try withStore(path) { store in try Bystanders.check(in: store) }
            return 1
        }
    }
}

import Cellar

extension CrashScenario {
    static let catalogue: [CrashScenario] = [
        creation("make a word") {
            _ = try $0.value("new", initial: 5)
        } holds: {
            try $0.value("new", of: Int.self).load() == 5
        },
        creation("make a large value of a new type") {
            _ = try $0.value("new", initial: Triple(5))
        } holds: {
            try $0.value("new", of: Triple.self).load() == Triple(5)
        },
        creation("make an array") {
            _ = try $0.array("new", of: Int32.self, count: 5_000)
        } holds: {
            try $0.array("new", of: Int32.self, count: 5_000).values().allSatisfy { $0 == 0 }
        },
        creation("make an array that the segment has no room for") {
            _ = try $0.array("new", of: Int32.self, count: 500_000)
        } holds: {
            try $0.array("new", of: Int32.self, count: 500_000).values().allSatisfy { $0 == 0 }
        },
        creation("make a volatile word", isPersistent: false) {
            _ = try $0.value("new", initial: 5, persistence: .volatile)
        } holds: {
            try $0.value("new", of: Int.self).load() == 5
        },
        .on("outgrow the directory", done: 10, isPersistent: false) { store in
            for number in 0..<887 { _ = try store.value("early \(number)", initial: number, persistence: .volatile) }
        } operate: { store in
            for number in 0..<10 { _ = try store.value("late \(number)", initial: number, persistence: .volatile) }
        } state: { store in
            for number in 0..<887 where try store.value("early \(number)", of: Int.self).load() != number {
                throw Wrong("early \(number) changed")
            }
            let late = try (0..<10).map { try store.contains("late \($0)") }
            let there = late.prefix { $0 }.count
            guard late.dropFirst(there).allSatisfy({ !$0 }) else { throw Wrong("a cell is missing") }
            return there
        },
        .on("remove a cell") { store in
            _ = try store.value("old", initial: Triple(3))
        } operate: { store in
            if try store.contains("old") { try store.remove("old") }
        } state: { store in
            guard try store.contains("old") else { return 1 }
            guard try store.value("old", of: Triple.self).load() == Triple(3) else { throw Wrong("it changed") }
            return 0
        },
        .on("remove a cell and make another under its name") { store in
            _ = try store.value("old", initial: Triple(3))
        } operate: { store in
            if try store.contains("old"), try store.cell("old").info.kind == .value { try store.remove("old") }
            _ = try store.array("old", of: Int.self, count: 10)
        } state: { store in
            guard try store.contains("old") else { return 0 }
            if try store.cell("old").info.kind == .array { return 1 }
            guard try store.value("old", of: Triple.self).load() == Triple(3) else { throw Wrong("it changed") }
            return 0
        },
        renaming("rename a cell", from: "one", to: "two") { _ in },
        renaming("rename a cell a second time", from: "middle", to: "three") { try $0.rename("one", to: "middle") },
        renaming("rename a cell to a removed one's name", from: "one", to: "gone") { store in
            _ = try store.value("gone", initial: 1)
            try store.remove("gone")
        },
        CrashScenario("use removed cells' memory again") { path in
            try withStore(path) { store in
                try Bystanders.make(in: store)
                for number in 0..<4 { _ = try store.value("old \(number)", initial: Checksummed(number: 1)) }
                try store.sync()
                for number in 0..<4 { try store.remove("old \(number)") }
                try store.sync()
            }
        } operate: { path, arm in
            try withStore(path) { store in
                arm()
                for number in 0..<4 { _ = try store.value("new \(number)", initial: Checksummed(number: 2)) }
            }
        } state: { path in
            try withStore(path) { store in
                try Bystanders.check(in: store)
                for number in 0..<4 where try store.contains("new \(number)") {
                    let seen = try store.value("new \(number)", of: Checksummed.self).load()
                    guard seen.isWhole, seen.number == 2 else { throw Wrong("memory is used twice") }
                }
                return try (0..<4).allSatisfy { try store.contains("new \($0)") } ? 1 : 0
            }
        },
    ]

    private static func creation(
        _ name: String, isPersistent: Bool = true, _ operate: @escaping @Sendable (Store) throws -> Void,
        holds: @escaping @Sendable (Store) throws -> Bool
    ) -> CrashScenario {
        .on(name, isPersistent: isPersistent) { _ in
        } operate: { store in
            try operate(store)
        } state: { store in
            guard try store.contains("new") else { return 0 }
            guard try holds(store) else { throw Wrong("the new cell does not hold what it was made with") }
            return 1
        }
    }

    private static func renaming(
        _ name: String, from old: String, to new: String, _ prepare: @escaping @Sendable (Store) throws -> Void
    ) -> CrashScenario {
        .on(name) { store in
            _ = try store.value("one", initial: Triple(3))
            try prepare(store)
        } operate: { store in
            if try store.contains(old) { try store.rename(old, to: new) }
        } state: { store in
            let isRenamed = try store.contains(new)
            guard try store.contains(old) != isRenamed else { throw Wrong("it is there under both names, or none") }
            guard try store.value(isRenamed ? new : old, of: Triple.self).load() == Triple(3) else {
                throw Wrong("it changed")
            }
            return isRenamed ? 1 : 0
        }
    }
}

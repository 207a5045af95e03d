import Cellar
import Glibc

extension CrashScenario {
    /// Backups and compacting: there is all of it, or nothing.
    static let keeping: [CrashScenario] = [
        CrashScenario("make a backup") { path in
            try withStore(path) { store in
                try Bystanders.make(in: store)
                try store.sync()
            }
        } operate: { path, arm in
            try withStore(path) { store in
                arm()
                if !Files.exists(path + ".backup") { try store.backup(to: path + ".backup") }
            }
        } state: { path in
            try withStore(path) { store in try Bystanders.check(in: store) }
            guard Files.exists(path + ".backup") else { return 0 }
            // Who looks opens the backup as well, and may have been killed there the last time: that is unfinished, not damaged.
            let damage = try Store.check(path + ".backup").findings.filter { $0.kind == .damaged }
            guard damage.isEmpty else { throw Wrong("the backup is damaged: \(damage.map(\.text))") }
            try withStore(path + ".backup") { store in try Bystanders.check(in: store) }
            try Store.discardSegment(of: path + ".backup")
            return 1
        },
        CrashScenario("compact a store") { path in
            try withStore(path) { store in
                try Bystanders.make(in: store)
                try store.array("waste", of: Int.self, count: wasteCount).fill(1)
                try store.sync()
                try store.remove("waste")
                try store.sync()
            }
        } operate: { path, arm in
            arm()
            _ = try Store.compact(path)
        } state: { path in
            try withStore(path) { store in try Bystanders.check(in: store) }
            return Files.size(path + "/data.mdb")! < wasteCount * 8 ? 1 : 0
        },
    ]

    private static let wasteCount = 200_000
}

import Cellar

extension CrashScenario {
    static let tables: [CrashScenario] = [
        .on("make a table and its first entry") { _ in
        } operate: { store in
            try store.table("new", keys: String.self, values: Int.self).set(5, for: "first")
        } state: { store in
            // Reading makes it, where there is none.
            let found = try store.table("new", keys: String.self, values: Int.self).scan()
            guard found.isEmpty || found.count == 1 && found[0].value == 5 else { throw Wrong("it holds \(found)") }
            return found.count
        },
        .on("write a batch of a table") { store in
            try store.table("old", keys: Int.self, values: String.self).write { (batch) throws(StoreError) in
                for key in 0..<200 { try batch.set("old", for: key) }
            }
        } operate: { store in
            try store.table("old", keys: Int.self, values: String.self).write { (batch) throws(StoreError) in
                for key in 0..<200 where key % 2 == 0 { try batch.remove(key) }
                for key in 200..<300 { try batch.set("new", for: key) }
            }
        } state: { store in
            let found = try store.table("old", keys: Int.self, values: String.self).scan().map(\.key)
            if found == Array(0..<200) { return 0 }
            guard found == Array(0..<200).filter({ $0 % 2 == 1 }) + Array(200..<300) else {
                throw Wrong("a half batch")
            }
            return 1
        },
        .on("change a table that is watched") { store in
            try store.table("watched", keys: Int.self, values: Int.self).set(1, for: 1)
        } operate: { store in
            let table = try store.table("watched", keys: Int.self, values: Int.self)
            _ = try table.wait(after: table.version(), timeout: .milliseconds(1))
            try table.set(2, for: 1)
        } state: { store in
            let value = try store.table("watched", keys: Int.self, values: Int.self).value(for: 1)
            guard value == 1 || value == 2 else { throw Wrong("it holds \(value ?? 0)") }
            return value == 1 ? 0 : 1
        },
        .on("remove a range of a table") { store in
            try store.table("range", keys: Int.self, values: String.self).write { (batch) throws(StoreError) in
                for key in 0..<100 { try batch.set("old", for: key) }
            }
        } operate: { store in
            try store.table("range", keys: Int.self, values: String.self).removeAll(in: .range(10, upTo: 90))
        } state: { store in
            let count = try store.table("range", keys: Int.self, values: String.self).count()
            guard count == 100 || count == 20 else { throw Wrong("half a range: \(count)") }
            return count == 100 ? 0 : 1
        },
        .on("write a batch of a multimap", done: 1) { store in
            try store.multimap("pages", keys: String.self, values: Int.self).insert(1, for: "old")
        } operate: { store in
            try store.multimap("pages", keys: String.self, values: Int.self).write { (batch) throws(StoreError) in
                for page in 0..<50 { try batch.insert(page, for: "new") }
                try batch.removeAll(for: "old")
            }
        } state: { store in
            let pages = try store.multimap("pages", keys: String.self, values: Int.self)
            switch (try pages.count(for: "old"), try pages.count(for: "new")) {
            case (1, 0): return 0
            case (0, 50): return 1
            case (let old, let new): throw Wrong("half a batch: \(old), \(new)")
            }
        },
        .on("remove a table") { store in
            try store.table("gone", keys: Int.self, values: Int.self).write { (batch) throws(StoreError) in
                for key in 0..<1000 { try batch.set(key, for: key) }
            }
        } operate: { store in
            try store.removeTable("gone")
        } state: { store in
            guard try store.tables().contains(where: { $0.name == "gone" }) else { return 1 }
            let count = try store.table("gone", keys: Int.self, values: Int.self).count()
            guard count == 1000 else { throw Wrong("half a table: \(count)") }
            return 0
        },
        .on("rename a table") { store in
            try store.table("before", keys: Int.self, values: Int.self).set(3, for: 3)
        } operate: { store in
            if try store.tables().contains(where: { $0.name == "before" }) {
                try store.renameTable("before", to: "after")
            }
        } state: { store in
            let names = try store.tables().map(\.name)
            guard names.count == 1 else { throw Wrong("it has the names \(names)") }
            guard try store.table(names[0], keys: Int.self, values: Int.self).value(for: 3) == 3 else {
                throw Wrong("it lost its entry")
            }
            return names == ["after"] ? 1 : 0
        },
    ]
}

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
    ]
}

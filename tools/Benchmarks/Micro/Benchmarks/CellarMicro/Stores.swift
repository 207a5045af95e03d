import Cellar
import Glibc

extension Operation {
    static let transactions = [
        Operation("transaction: two Int values") { store in
            let (from, to) = (try store.value("from", initial: 0), try store.value("to", initial: 0))
            return each { _ in
                try store.transaction { tx in
                    try tx.store(try tx.load(from) - 1, to: from)
                    try tx.store(try tx.load(to) + 1, to: to)
                }
            }
        },
        Operation("transaction: two values of 64 bytes") { store in
            let first = try store.value("first", initial: Block64())
            let second = try store.value("second", initial: Block64())
            return each { _ in
                try store.transaction { tx in
                    try tx.update(first) { $0.a -= 1 }
                    try tx.update(second) { $0.a += 1 }
                }
            }
        },
        Operation("transaction: a value and an entry") { store in
            let value = try store.value("from", initial: 0)
            let entries = try store.dictionary("entries", keys: Int.self, values: Int.self)
            return each { number in
                try store.transaction { tx in
                    try tx.store(number, to: value)
                    try tx.set(number, for: 7, in: entries)
                }
            }
        },
        Operation("transaction: a value, on disk", isBrief: false) { store in
            let value = try store.value("from", initial: 0)
            return each { number in try store.transaction(durability: .disk) { try $0.store(number, to: value) } }
        },
        Operation("transaction: a value and a row", isBrief: false) { store in
            let value = try store.value("from", initial: 0)
            let table = try store.table("rows", keys: Int.self, values: Int.self)
            return each { number in
                try store.transaction { tx in
                    try tx.store(number, to: value)
                    try tx.set(number, for: 1, in: table)
                }
            }
        },
        Operation("snapshot: two Int values") { store in
            let (from, to) = (try store.value("from", initial: 0), try store.value("to", initial: 0))
            return sum { _ in try store.snapshot { try $0.load(from) &+ $0.load(to) } }
        },
    ]

    static let stores = [
        Operation("store: sync after a store", isBrief: false) { store in
            let value = try store.value("number", initial: 0)
            return each {
                value.store($0)
                try store.sync()
            }
        },
        Operation("store: open what is in memory, close", isBrief: false, isShared: false) { store in
            let path = store.path + "-opened"
            try Store.open(path).close()
            return each { _ in try Store.open(path).close() }
        },
        Operation("store: open what is not in memory, close", isBrief: false, isShared: false) { store in
            let path = store.path + "-opened"
            try Store.open(path).close()
            return each { _ in
                try Store.discardSegment(of: path)
                try Store.open(path).close()
            }
        },
        Operation("store: make one, remove it", isBrief: false, isShared: false) { store in
            let path = store.path + "-made"
            return each { _ in
                try Store.open(path).close()
                try Store.remove(path)
            }
        },
        Operation("store: cells, 100 of them", isBrief: false) { store in
            for index in 0..<100 { _ = try store.value(keyText(index), initial: 0) }
            return sum { _ in try store.cells().count }
        },
        Operation("store: statistics", isBrief: false) { store in
            sum { _ in try store.statistics().segment == nil ? 0 : 1 }
        },
        Operation("store: attachments", isBrief: false) { store in sum { _ in store.attachments().count } },
        Operation("store: backup of 100 values", isBrief: false, isShared: false) { store in
            for index in 0..<100 { _ = try store.value(keyText(index), initial: 0) }
            let path = store.path + "-backup"
            return each { _ in
                try store.backup(to: path)
                try Store.remove(path)
            }
        },
        Operation("store: check", isBrief: false, isShared: false) { store in
            for index in 0..<100 { _ = try store.value(keyText(index), initial: 0) }
            try store.sync()
            let path = store.path
            return each { _ in _ = try Store.check(path) }
        },
    ]
}

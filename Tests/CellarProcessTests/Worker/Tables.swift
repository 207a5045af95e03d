import Cellar
import CellarTestSupport

let tableCommands: [String: Command] = [
    // set-all STORE TABLE COUNT VALUE: sets the numbers below COUNT to VALUE, in one batch.
    "set-all": { arguments in
        let store = try arguments.open()
        let table = try store.table(arguments.text(1), keys: Int.self, values: Int.self)
        say("ready")
        awaitLine()
        try table.write { (batch) throws(StoreError) in
            for key in 0..<arguments.number(2) { try batch.set(arguments.number(3), for: key) }
        }
        say("done")
        awaitLine()
    },
    // hold-table STORE TABLE: stays in a write of the table, with one entry changed.
    "hold-table": { arguments in
        let store = try arguments.open()
        defer { store.close() }
        try store.table(arguments.text(1), keys: Int.self, values: Int.self).write { (batch) throws(StoreError) in
            try batch.set(7, for: 1)
            say("holding")
            awaitLine()
        }
        say("released")
        awaitLine()
    },
    // fill-table STORE TABLE FIRST COUNT: sets COUNT keys from FIRST on, each by itself, saying each when it is set.
    "fill-table": { arguments in
        let store = try arguments.open()
        let table = try store.table(arguments.text(1), keys: Int.self, values: String.self)
        say("ready")
        awaitLine()
        for key in arguments.number(2)..<arguments.number(2) + arguments.number(3) {
            try table.set("value of \(key)", for: key)
            say("\(key)")
        }
        say("done")
        awaitLine()
    },
]

import Cellar
import CellarTestSupport
import Glibc

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
    // load-words STORE TABLE FILE PART PARTS: puts its part of the file's lines into the table, with their lengths, in batches.
    "load-words": { arguments in
        let store = try arguments.open()
        defer { store.close() }
        let table = try store.table(arguments.text(1), keys: String.self, values: Int.self)
        let part = try lines(of: arguments.text(2), part: arguments.number(3), of: arguments.number(4))
        say("ready")
        awaitLine()
        for start in stride(from: 0, to: part.count, by: 1000) {
            try table.write { (batch) throws(StoreError) in
                for word in part[start..<min(start + 1000, part.count)] { try batch.set(word.utf8.count, for: word) }
            }
        }
        say("done")
        awaitLine()
    },
    // update-table STORE TABLE COUNT: adds 1 to the value of one key, so often, each time by itself.
    "update-table": { arguments in
        let store = try arguments.open()
        let table = try store.table(arguments.text(1), keys: String.self, values: Int.self)
        say("ready")
        awaitLine()
        for _ in 0..<arguments.number(2) {
            try table.update("count") { (value) throws(StoreError) in value = (value ?? 0) + 1 }
        }
        say("done")
        awaitLine()
    },
    // read-table STORE TABLE: stays in a read of the table.
    "read-table": { arguments in
        let store = try arguments.open()
        let table = try store.table(arguments.text(1), keys: Int.self, values: Int.self)
        try table.read { (_) throws(StoreError) in
            say("reading")
            awaitLine()
        }
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

private enum Failure: Error { case noFile }

/// Every so many-th line of a file, from `part` on.
func lines(of path: String, part: Int, of parts: Int) throws -> [String] {
    guard let file = unsafe fopen(path, "r") else { throw Failure.noFile }
    defer { unsafe fclose(file) }
    var found: [String] = []
    var number = 0
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { unsafe free(line) }
    while case let count = unsafe getline(&line, &capacity, file), count > 0 {
        if number % parts == part, let line = unsafe line { found.append(unsafe String(cString: line).trimmed) }
        number += 1
    }
    return found
}

extension String {
    /// Without the line's end.
    fileprivate var trimmed: String { hasSuffix("\n") ? String(dropLast()) : self }
}
